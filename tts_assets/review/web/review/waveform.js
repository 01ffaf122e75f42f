// Small pictures of sounds as path data, so that colours come from the style sheet.

const MOST_POINTS = 100;

/**
 * The loudest of each stretch, so that a short burst is not lost in a small picture.
 * @param {Uint8Array} peaks
 * @returns {number[]} 0..1
 */
function coarse(peaks) {
  const points = Math.min(MOST_POINTS, peaks.length);
  return Array.from({ length: points }, (_, point) => {
    const from = Math.floor((point * peaks.length) / points);
    const to = Math.floor(((point + 1) * peaks.length) / points);
    return Math.max(...peaks.subarray(from, to)) / 255;
  });
}

/**
 * The outline of a waveform, mirrored at the middle.
 * @param {Uint8Array} peaks
 * @param {number} width
 * @param {number} height
 * @returns {string} data of an SVG path
 */
function peaksPath(peaks, width, height) {
  const points = coarse(peaks);
  if (points.length === 0) return "";
  const middle = height / 2;
  const step = width / Math.max(1, points.length - 1);
  // A square root lets quiet sounds be seen, as ears hear them.
  const tall = points.map((value) => Math.max(0.5, Math.sqrt(value) * (middle - 0.5)));
  const above = tall.map((value, point) => `${(point * step).toFixed(1)} ${(middle - value).toFixed(1)}`);
  const below = tall.map((value, point) => `${(point * step).toFixed(1)} ${(middle + value).toFixed(1)}`).reverse();
  return `M${above.join("L")}L${below.join("L")}Z`;
}

const WAVE_WIDTH = 100;
const WAVE_HEIGHT = 24;
/** @type {WeakMap<Row, string>} */
const waves = new WeakMap();

/**
 * The small waveform of a clip, drawn once.
 * @param {Row} row
 * @returns {string} data of an SVG path
 */
function wave(row) {
  let path = waves.get(row);
  if (path === undefined) {
    path = peaksPath(bytesOf(row.peaks), WAVE_WIDTH, WAVE_HEIGHT);
    waves.set(row, path);
  }
  return path;
}
