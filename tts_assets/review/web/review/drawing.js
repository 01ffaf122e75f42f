// Drawing on canvases: pitch over time, sharp on every screen, in the colours of the theme.

/** Pitches that may be written beside the picture, in Hz. */
const PITCH_MARKS_HZ = [80, 100, 125, 160, 200, 250, 315, 400, 500, 630];
/** CSS pixels between two of them at least. */
const LEAST_MARK_DISTANCE = 22;

/**
 * The colours and the letters of pictures.
 * @typedef {{measured: string, expected: string, earlier: string, surface: string, grid: string, faint: string, wave: string, played: string, font: string}} PictureLook
 */

/**
 * The colours and the letters of pictures, as the theme has them now.
 * @param {Element} place
 * @returns {PictureLook}
 */
function panelLook(place) {
  const style = getComputedStyle(place);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return {
    measured: colour("--pitch-measured"),
    expected: colour("--pitch-expected"),
    earlier: colour("--pitch-earlier"),
    surface: colour("--surface"),
    grid: colour("--line"),
    faint: colour("--ink-faint"),
    wave: colour("--wave"),
    played: colour("--wave-played"),
    font: `10px ${colour("--font") || "sans-serif"}`,
  };
}

/**
 * A canvas that is sharp on every screen, empty, with one unit for each CSS pixel.
 * @param {HTMLCanvasElement} canvas sized by its style
 * @returns {{pen: CanvasRenderingContext2D, width: number, height: number} | null} null where it is not shown
 */
function sharpCanvas(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const pen = canvas.getContext("2d");
  if (pen === null || width === 0 || height === 0) return null;
  const ratio = Math.max(1, window.devicePixelRatio || 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  pen.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/**
 * Where times and pitches are in a picture, in CSS pixels.
 * @param {number} width
 * @param {number} height
 * @param {number} seconds
 * @param {PitchRange} range
 * @returns {(point: [number, number]) => [number, number]}
 */
function placing(width, height, seconds, range) {
  return ([time, semitones]) => [
    (time / seconds) * width,
    Math.min(1, Math.max(0, (range.top - semitones) / (range.top - range.bottom))) * height,
  ];
}

/**
 * Draws stretches of a line.
 * @param {CanvasRenderingContext2D} pen
 * @param {Array<Array<[number, number]>>} stretches
 * @param {(point: [number, number]) => [number, number]} place
 * @param {{colour: string, thick: number, dash?: number[]}} look
 */
function drawLine(pen, stretches, place, look) {
  pen.strokeStyle = look.colour;
  pen.lineWidth = look.thick;
  pen.lineJoin = "round";
  pen.lineCap = look.dash ? "butt" : "round";
  pen.setLineDash(look.dash ?? []);
  for (const stretch of stretches) {
    pen.beginPath();
    stretch.forEach((point, index) => {
      const [x, y] = place(point);
      if (index === 0) pen.moveTo(x, y);
      pen.lineTo(x, y);
    });
    pen.stroke();
  }
  pen.setLineDash([]);
}

/**
 * Round pitches with their places in a picture, from the lowest, not too close to each other.
 * @param {number} height
 * @param {PitchRange} range
 * @returns {Array<[number, number]>} Hz, and CSS pixels from the top
 */
function pitchMarks(height, range) {
  const place = placing(1, height, 1, range);
  /** @type {Array<[number, number]>} */
  const marks = [];
  for (const hertz of PITCH_MARKS_HZ) {
    const semitones = semitonesOf(hertz);
    const y = Math.round(place([0, semitones])[1]) + 0.5;
    const last = marks.length > 0 ? marks[marks.length - 1][1] : Infinity;
    if (semitones > range.bottom && semitones < range.top && last - y >= LEAST_MARK_DISTANCE) marks.push([hertz, y]);
  }
  return marks;
}

/**
 * Draws lines of pitch over faint lines at round pitches, whose Hz stand over all.
 * @param {{pen: CanvasRenderingContext2D, width: number, height: number}} sheet
 * @param {PitchRange} range
 * @param {PictureLook} look
 * @param {() => void} lines draws them
 */
function overPitchMarks({ pen, width, height }, range, look, lines) {
  const marks = pitchMarks(height, range);
  for (const [, y] of marks) drawStroke(pen, [0, y], [width, y], look.grid);
  lines();
  pen.font = look.font;
  pen.textBaseline = "bottom";
  pen.lineWidth = 3;
  pen.strokeStyle = look.surface;
  pen.fillStyle = look.faint;
  for (const [hertz, y] of marks.filter((each) => each[1] > 12)) {
    pen.strokeText(`${hertz} Hz`, 3, y - 1);
    pen.fillText(`${hertz} Hz`, 3, y - 1);
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {string} colour
 */
function drawStroke(pen, from, to, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
}

/**
 * Draws the pitch of a clip: what was measured over what its accents ask for.
 * @param {HTMLCanvasElement} canvas
 * @param {{seconds: number, morae: TimedMora[], pitch: Pitch, bounds: number[]}} shown
 */
function drawPitch(canvas, shown) {
  const sheet = sharpCanvas(canvas);
  if (sheet === null) return;
  const { pen, width, height } = sheet;
  const look = panelLook(canvas);
  for (const time of shown.bounds) {
    const x = Math.round((time / shown.seconds) * width) + 0.5;
    drawStroke(pen, [x, 0], [x, height], look.grid);
  }
  const range = pitchRange([shown.pitch]);
  if (range === null) return;
  const place = placing(width, height, shown.seconds, range);
  overPitchMarks(sheet, range, look, () => {
    drawLine(pen, expectedLine(shown.morae, range), place, { colour: look.expected, thick: 2, dash: [6, 4] });
    drawLine(pen, measuredLine(shown.pitch), place, { colour: look.measured, thick: 2.5 });
  });
}
