// Pitch: the measured line of a sound and the line that its accents ask for, in numbers and in words.

/**
 * The measured pitch of a sound.
 * @typedef {object} Pitch
 * @property {number[]} semitones above 50 Hz, one for each step; NaN where there is no voice
 * @property {number} step in seconds
 */

/**
 * How low and how high a voice goes in a sound, in semitones above 50 Hz.
 * @typedef {object} PitchRange
 * @property {number} low of its low morae
 * @property {number} high of its high morae
 * @property {number} bottom of what is drawn
 * @property {number} top of what is drawn
 */

/** The pitch that is written as 1. */
const PITCH_BASE_HZ = 50;
/** Written steps for each semitone: 48 for an octave. */
const STEPS_OF_A_SEMITONE = 4;
/** Parts of the measured pitch that low and high morae are drawn at: breaks and slips are outside. */
const LOW_PART = 0.12;
const HIGH_PART = 0.88;
/** Semitones that low and high are apart at least, so that a flat voice still shows which is which. */
const LEAST_RISE = 3;
/** Semitones from bottom to top at least: a steady voice must not look like a wild one. */
const LEAST_SPAN = 9;
/** A longer silence between two morae, in seconds, parts the expected line. */
const LONGEST_BRIDGE = 0.08;

/**
 * The measured pitch that a row carries.
 * @param {string} written one byte for each step: 0 without voice, else 1 + 48 for each octave above 50 Hz
 * @param {number} step in seconds
 * @returns {Pitch}
 */
function pitchOf(written, step) {
  const semitones = Array.from(bytesOf(written), (each) => (each === 0 ? NaN : (each - 1) / STEPS_OF_A_SEMITONE));
  return { semitones, step };
}

/**
 * @param {number} hertz
 * @returns {number} semitones above 50 Hz
 */
function semitonesOf(hertz) {
  return 12 * Math.log2(hertz / PITCH_BASE_HZ);
}

/**
 * @param {number} semitones above 50 Hz
 * @returns {number} Hz, rounded
 */
function hertzOf(semitones) {
  return Math.round(PITCH_BASE_HZ * 2 ** (semitones / 12));
}

/**
 * @param {number[]} sorted in rising order, with something in it
 * @param {number} part from 0 to 1
 * @returns {number}
 */
function quantile(sorted, part) {
  const place = (sorted.length - 1) * part;
  const before = Math.floor(place);
  const after = Math.min(before + 1, sorted.length - 1);
  return sorted[before] + (sorted[after] - sorted[before]) * (place - before);
}

/**
 * How low and high a voice goes in what was measured; null where no voice was found.
 * @param {Pitch[]} pitches
 * @returns {PitchRange | null}
 */
function pitchRange(pitches) {
  const voiced = pitches.flatMap((each) => each.semitones.filter((value) => !Number.isNaN(value)));
  if (voiced.length === 0) return null;
  voiced.sort((one, other) => one - other);
  const [low, high] = atLeastApart(quantile(voiced, LOW_PART), quantile(voiced, HIGH_PART), LEAST_RISE);
  const lowest = Math.min(low, quantile(voiced, 0.02)) - 1.5;
  const highest = Math.max(high, quantile(voiced, 0.98)) + 1.5;
  const [bottom, top] = atLeastApart(lowest, highest, LEAST_SPAN);
  return { low, high, bottom, top };
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} least
 * @returns {[number, number]} the same around their middle, so far apart at least
 */
function atLeastApart(low, high, least) {
  const missing = Math.max(0, least - (high - low)) / 2;
  return [low - missing, high + missing];
}

/**
 * The line that the accents ask for: stretches of points of time (seconds) and pitch (semitones).
 * @param {TimedMora[]} morae
 * @param {PitchRange} range
 * @returns {Array<Array<[number, number]>>}
 */
function expectedLine(morae, range) {
  if (!morae.some((each) => each.high)) return [];
  /** @type {Array<Array<[number, number]>>} */
  const stretches = [];
  let end = -Infinity;
  for (const mora of morae) {
    const length = mora.end - mora.begin;
    const level = mora.high ? range.high : range.low;
    if (mora.begin - end > LONGEST_BRIDGE) stretches.push([]);
    stretches[stretches.length - 1].push([mora.begin + 0.2 * length, level], [mora.end - 0.2 * length, level]);
    end = mora.end;
  }
  return stretches;
}

/**
 * The measured line: stretches of points of time (seconds) and pitch (semitones), parted by silence.
 * @param {Pitch} pitch
 * @param {number} [shift] in seconds
 * @returns {Array<Array<[number, number]>>}
 */
function measuredLine(pitch, shift = 0) {
  /** @type {Array<Array<[number, number]>>} */
  const stretches = [];
  let isOpen = false;
  pitch.semitones.forEach((value, index) => {
    if (Number.isNaN(value)) {
      isOpen = false;
      return;
    }
    if (!isOpen) stretches.push([]);
    isOpen = true;
    stretches[stretches.length - 1].push([index * pitch.step + shift, value]);
  });
  return stretches;
}

/**
 * The mean pitch of a mora as it was measured, in Hz; null where it has no voice.
 * @param {TimedMora} mora
 * @param {Pitch} pitch
 * @returns {number | null}
 */
function measuredHertz(mora, pitch) {
  const heard = pitch.semitones
    .slice(Math.round(mora.begin / pitch.step), Math.round(mora.end / pitch.step))
    .filter((value) => !Number.isNaN(value));
  if (heard.length === 0) return null;
  return hertzOf(heard.reduce((sum, value) => sum + value, 0) / heard.length);
}

/**
 * What the picture of the pitch shows, in words.
 * @param {TimedMora[]} morae
 * @param {Pitch} pitch
 * @returns {string}
 */
function pitchInWords(morae, pitch) {
  const range = pitchRange([pitch]);
  if (range === null) return "No voice was measured.";
  const overall = `from ${hertzOf(range.low)} to ${hertzOf(range.high)} Hz`;
  if (morae.length === 0) return `Measured: ${overall}.`;
  const expected = morae.map((each) => `${each.kana} ${each.high ? "high" : "low"}${each.falls ? " ↓" : ""}`);
  const measured = morae.map((each) => {
    const hertz = measuredHertz(each, pitch);
    return `${each.kana} ${hertz === null ? "without voice" : `${hertz} Hz`}`;
  });
  const asked = morae.some((each) => each.high) ? `Expected: ${expected.join(", ")}. ` : "";
  return `${asked}Measured: ${measured.join(", ")}; ${overall}.`;
}
