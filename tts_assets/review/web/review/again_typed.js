// What a reviewer types instead of what an entry says: what has changed, and what cannot be said so.

/** What a reading may consist of: kana, long vowels, and what parts the words of a longer one. */
const READING = /^[\u3041-\u3096\u30a1-\u30f6ー・、。！？!?,.\s]+$/u;
const HAS_KANA = /[\u3041-\u3096\u30a1-\u30f6]/u;
/** Speeds of a voice that tells none. */
const ANY_SPEED = [0.25, 4];

/**
 * What is said now, as the form shows it at first.
 * @typedef {{text: string, reading: string, accent: number | null, voice: string, speed: number}} Spoken
 */

/**
 * The text of a row as it can be typed: of a dialogue a line for each turn, with who says it.
 * @param {Row} row
 * @returns {string}
 */
function writtenText(row) {
  if (!row.cues.some((cue) => cue[2] !== "")) return row.text;
  /** @type {Array<[string, string]>} */
  const turns = [];
  for (const [, , speaker, text] of row.cues) {
    const last = turns[turns.length - 1];
    if (last !== undefined && last[0] === speaker) last[1] += text;
    else turns.push([speaker, text]);
  }
  return turns.map(([speaker, text]) => (speaker ? `${speaker}：${text}` : text)).join("\n");
}

/**
 * What is said of a row now.
 * @param {Row} row
 * @returns {Spoken}
 */
function spokenNow(row) {
  const accent = row.accent ?? (row.phrases.length === 1 && !row.sentence ? row.phrases[0][1] : null);
  return { text: writtenText(row), reading: row.reading ?? "", accent, voice: row.voice, speed: row.speed };
}

/**
 * Whether another reading was typed: hiragana and katakana are the same.
 * @param {Spoken} now
 * @param {{reading: string}} typed
 * @returns {boolean}
 */
function isReadOtherwise(now, typed) {
  return katakanaOf(typed.reading) !== katakanaOf(now.reading);
}

/**
 * Whether another text or reading was typed, which an accent would have to fit.
 * @param {Spoken} now
 * @param {{text: string, reading: string}} typed
 * @returns {boolean}
 */
function isSaidOtherwise(now, typed) {
  return typed.text !== now.text || isReadOtherwise(now, typed);
}

/**
 * The word whose accent can be chosen, in katakana; "" where there is none.
 * @param {Row} row
 * @param {Spoken} now
 * @param {{text: string, reading: string}} typed
 * @returns {string}
 */
function accentedWord(row, now, typed) {
  if (isRunningText(row)) return "";
  if (!isSaidOtherwise(now, typed) && row.phrases.length === 1) return row.phrases[0][0];
  const kana = katakanaOf(typed.reading);
  return HAS_KANA.test(kana) && READING.test(kana) && !/[\s、。]/u.test(kana) ? kana : "";
}

/**
 * @param {Row} row
 * @returns {boolean} whether it has more than one accent
 */
function isRunningText(row) {
  return row.sentence || row.cues.length > 0;
}

/**
 * What is to be said otherwise. A typed text takes the reading of the entry away, and each of them its
 * accent: where they hold for what was typed, they are sent along.
 * @param {Spoken} now
 * @param {Spoken} typed
 * @returns {Partial<Spoken>}
 */
function changesTyped(now, typed) {
  const otherText = typed.text !== now.text;
  const otherReading = isReadOtherwise(now, typed);
  /** @type {Partial<Spoken>} */
  const say = {};
  if (otherText) say.text = typed.text;
  if (typed.reading !== "" && (otherText || otherReading)) say.reading = typed.reading;
  if (typed.accent !== null && (otherText || otherReading || typed.accent !== now.accent)) say.accent = typed.accent;
  if (typed.voice !== now.voice) say.voice = typed.voice;
  if (typed.speed !== now.speed) say.speed = typed.speed;
  return say;
}

/**
 * What cannot be said so: a message for each field that it is about.
 * @param {Row} row
 * @param {Spoken} typed
 * @param {number[]} speeds the slowest and the fastest of the voice
 * @returns {Record<string, string>}
 */
function problemsOf(row, typed, [slowest, fastest]) {
  /** @type {Record<string, string>} */
  const problems = {};
  const now = spokenNow(row);
  const otherReading = isReadOtherwise(now, typed);
  if (typed.text === "") problems.text = "Write what is to be said.";
  if (typed.reading === "" && otherReading && typed.text === now.text) {
    problems.reading = "Write the reading in kana: of this text it cannot be taken away here.";
  } else if (typed.reading !== "" && otherReading && !(READING.test(typed.reading) && HAS_KANA.test(typed.reading))) {
    problems.reading = "Write the reading in hiragana or katakana only, as はし or ハシ.";
  }
  if (accentedWord(row, now, typed) !== "" && typed.accent === null && row.accent !== null) {
    problems.accent = "Choose the mora after which the pitch falls, or that it does not.";
  }
  if (!(typed.speed >= slowest && typed.speed <= fastest)) {
    problems.speed = `This voice speaks at ${slowest} to ${fastest} times its own pace.`;
  }
  return problems;
}
