// Old and new: the sound that a clip had before beside the one that it has now.

/** Part of the highest peak where a sound begins to be heard. */
const ONSET_PART = 0.08;
/** Shorter sounds begin anew when the other is switched to; longer ones go on at the same place, in seconds. */
const LEAST_TO_GO_ON = 3;

/**
 * A sound as it is compared.
 * @typedef {object} Version
 * @property {string} name in words
 * @property {string} url
 * @property {number} seconds
 * @property {Uint8Array} peaks
 * @property {Pitch} pitch
 * @property {number} shift seconds that it is drawn later, so that both begin together
 * @property {Row | null} row whose sound it is now; null of an earlier sound
 */

/**
 * The sound that a clip had before.
 * @typedef {{sound: string, sha256: string, asset: string, seconds: number, peaks: string, pitch: string,
 *   phrases: Array<[string, number, boolean]>, decision: Decision | null, voice?: string, speed?: number}} EarlierSound
 */

/**
 * When a sound begins to be heard, in seconds.
 * @param {Uint8Array} peaks
 * @param {number} seconds
 * @returns {number}
 */
function onsetOf(peaks, seconds) {
  const loud = Math.max(...peaks, 1) * ONSET_PART;
  const first = peaks.findIndex((each) => each >= loud);
  return first <= 0 ? 0 : (first / peaks.length) * seconds;
}

/**
 * The sound before and the sound now, drawn from where both begin.
 * @param {Row} row with an earlier sound
 * @returns {[Version, Version]}
 */
function versionsOf(row) {
  const earlier = /** @type {EarlierSound} */ (row.earlier);
  const [was, is] = [bytesOf(earlier.peaks), bytesOf(row.peaks)];
  const [onsetWas, onsetIs] = [onsetOf(was, earlier.seconds), onsetOf(is, row.seconds)];
  const onset = Math.max(onsetWas, onsetIs);
  return [
    { name: "Before", url: earlier.sound, seconds: earlier.seconds, peaks: was, pitch: pitchOf(earlier.pitch, row.pitch_step), shift: onset - onsetWas, row: null },
    { name: "Now", url: row.sound, seconds: row.seconds, peaks: is, pitch: pitchOf(row.pitch, row.pitch_step), shift: onset - onsetIs, row },
  ];
}

/** The part of the panel that shows the sound before beside the one now. */
class Comparison {
  /** @type {Version[]} */
  #versions = [];
  #span = 1;

  constructor() {
    this.lanes = [this.#lane(0), this.#lane(1)];
    this.canvas = /** @type {HTMLCanvasElement} */ (
      element("canvas", { className: "compare-pitch", attributes: { role: "img" } })
    );
    this.legend = element(
      "p",
      { className: "picture-legend" },
      element("span", { className: "legend-earlier", text: "pitch before" }),
      element("span", { className: "legend-measured", text: "pitch now" }),
    );
    this.changes = element("ul", { className: "changes" });
    const hint = element("span", { className: "compare-hint" }, element("kbd", { className: "key", text: "o" }), " plays the other");
    const heading = element("h3", {}, "Before and now ", hint);
    const sounds = element("div", { className: "compare-sounds" });
    sounds.append(this.lanes[0].button, this.lanes[0].wave, this.canvas, this.lanes[1].button, this.lanes[1].wave);
    this.part = element("section", { className: "panel-part compare", hidden: true }, heading, sounds, this.legend, this.changes);
    this.#listen(sounds);
  }

  /** @param {number} index */
  #lane(index) {
    const label = element("span", { className: "compare-name", text: index === 0 ? "Before" : "Now" });
    const sign = element("span", { className: "compare-sign" }, icon("play"));
    const button = element("button", { className: "button compare-play", attributes: { type: "button" } }, sign, label);
    button.addEventListener("click", () => this.toggle(index));
    const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { attributes: { "aria-hidden": "true" } }));
    const head = element("div", { className: "picture-head", hidden: true });
    const wave = element("div", { className: "compare-wave" }, canvas, head);
    wave.addEventListener("click", (event) => {
      const box = wave.getBoundingClientRect();
      const version = this.#versions[index];
      this.#play(index, ((event.clientX - box.left) / box.width) * this.#span - version.shift);
    });
    return { button, sign, canvas, head, wave };
  }

  /** @param {HTMLElement} sounds */
  #listen(sounds) {
    new ResizeObserver(() => this.redraw()).observe(sounds);
    app.subscribe("theme", () => this.redraw());
    for (const event of ["time", "play", "stop"]) app.subscribe(event, () => this.#moved());
  }

  /**
   * Shows the two sounds of a clip, or nothing if it has one.
   * @param {Row} row
   */
  show(row) {
    this.part.hidden = row.earlier === null;
    this.#versions = row.earlier === null ? [] : versionsOf(row);
    if (row.earlier === null) return;
    this.#span = Math.max(...this.#versions.map((each) => each.shift + each.seconds), 0.01);
    this.changes.replaceChildren(...changesInWords(row, /** @type {EarlierSound} */ (row.earlier)));
    const [was, is] = this.#versions.map((each) => pitchRange([each.pitch]));
    const range = (/** @type {PitchRange | null} */ each) => (each ? `from ${hertzOf(each.low)} to ${hertzOf(each.high)} Hz` : "without voice");
    this.canvas.setAttribute("aria-label", `Pitch before ${range(was)}, now ${range(is)}.`);
    this.redraw();
    this.#moved();
  }

  /** Draws again: colours or sizes have changed. */
  redraw() {
    if (this.#versions.length === 0) return;
    const look = panelLook(this.part);
    this.#versions.forEach((version, index) => drawPeaks(this.lanes[index].canvas, version, this.#span, look.wave));
    const sheet = sharpCanvas(this.canvas);
    const range = pitchRange(this.#versions.map((each) => each.pitch));
    if (sheet === null || range === null) return;
    const { pen, width, height } = sheet;
    const place = placing(width, height, this.#span, range);
    const [was, is] = this.#versions.map((each) => measuredLine(each.pitch, each.shift));
    overPitchMarks(sheet, range, look, () => {
      drawLine(pen, was, place, { colour: look.earlier, thick: 2, dash: [4, 3] });
      drawLine(pen, is, place, { colour: look.measured, thick: 2.5 });
    });
  }

  /**
   * Plays a version, or stops it.
   * @param {number} index 0 before, 1 now
   */
  toggle(index) {
    const version = this.#versions[index];
    if (version === undefined) return;
    if (isLoaded(version.url) && app.player.playing) app.player.stop();
    else this.#play(index, 0);
  }

  /** Plays the other of the two: at the same place if one is heard and long, else from its beginning. */
  other() {
    const [was, is] = this.#versions;
    if (was === undefined || is === undefined) return app.announce("There is no earlier sound of this clip to compare with.", { show: true });
    const heard = isLoaded(was.url) ? was : is;
    const index = heard === was ? 1 : 0;
    const next = this.#versions[index];
    const goesOn = app.player.playing && isLoaded(heard.url) && next.seconds >= LEAST_TO_GO_ON;
    this.#play(index, goesOn ? app.player.audio.currentTime + heard.shift - next.shift : 0);
    app.announce(next.name);
  }

  /**
   * @param {number} index
   * @param {number} from in seconds of its own sound
   */
  #play(index, from) {
    const { url, row, seconds: length } = this.#versions[index];
    const time = Math.min(Math.max(0, from), Math.max(0, length - 0.01));
    if (isLoaded(url) && app.player.playing) app.player.seek(time);
    else void app.player.play(url, row === null ? { from: time } : { from: time, row });
  }

  /** Follows the player. */
  #moved() {
    this.#versions.forEach((version, index) => {
      const { button, sign, head, wave } = this.lanes[index];
      const loaded = isLoaded(version.url);
      const plays = loaded && app.player.playing;
      head.hidden = !loaded;
      const at = loaded ? app.player.audio.currentTime + version.shift : 0;
      head.style.transform = `translateX(${(at / this.#span) * wave.clientWidth}px)`;
      if (button.dataset.plays === String(plays)) return;
      button.dataset.plays = String(plays);
      button.setAttribute("aria-label", `${plays ? "Stop" : "Play"}: ${version.name.toLowerCase()}`);
      sign.replaceChildren(icon(plays ? "stop" : "play"));
    });
  }
}

/**
 * Draws the waveform of a version over the time of both.
 * @param {HTMLCanvasElement} canvas
 * @param {Version} version
 * @param {number} span in seconds
 * @param {string} colour
 */
function drawPeaks(canvas, version, span, colour) {
  const sheet = sharpCanvas(canvas);
  if (sheet === null) return;
  const { pen, width, height } = sheet;
  const from = (version.shift / span) * width;
  const points = smoothPeaks(version.peaks);
  const step = ((version.seconds / span) * width) / points.length;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(from, height / 2);
  points.forEach((each, index) => pen.lineTo(from + index * step, height / 2 - Math.max(0.5, (each * height) / 2)));
  [...points].reverse().forEach((each, index) => {
    pen.lineTo(from + (points.length - 1 - index) * step, height / 2 + Math.max(0.5, (each * height) / 2));
  });
  pen.fill();
}

/**
 * What has changed from the sound before to the one now.
 * @param {Row} row
 * @param {EarlierSound} earlier
 * @returns {HTMLElement[]}
 */
function changesInWords(row, earlier) {
  const lines = [];
  const isTheSame = notationText(earlier.phrases) === notationText(row.phrases);
  if (isTheSame && row.phrases.length > 0) {
    lines.push(element("li", {}, "Said the same: ", spokenNotation(row.phrases)));
  } else if (earlier.phrases.length > 0) {
    lines.push(changeLine("Said", spokenNotation(earlier.phrases), spokenNotation(row.phrases)));
  }
  if (earlier.voice && earlier.voice !== row.voice) {
    lines.push(changeLine("Voice", element("bdi", { text: earlier.voice }), element("bdi", { text: row.voice })));
  }
  if (earlier.speed && earlier.speed !== row.speed) {
    lines.push(changeLine("Speed", speedInWords(earlier.speed), speedInWords(row.speed)));
  }
  lines.push(changeLine("Length", exactSeconds(earlier.seconds), exactSeconds(row.seconds)));
  if (earlier.decision && earlier.decision.decided !== "undecided") lines.push(element("li", { className: "change-decision" }, "Before: ", decisionInWords(earlier.decision)));
  return lines;
}

/**
 * @param {string} name
 * @param {Node | string} was
 * @param {Node | string} is
 * @returns {HTMLElement}
 */
function changeLine(name, was, is) {
  const arrow = element("span", { className: "change-arrow" }, "→");
  return element("li", {}, `${name}: `, element("span", { className: "change-was" }, was), arrow, element("span", {}, is));
}
