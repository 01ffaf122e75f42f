// The accents of a clip as they were recognized in its pitch: which they are, which were expected, and how sure that is.

/** Milliseconds that a clip is shown before its accents are recognized: whoever leafs through needs none. */
const ACCENTS_WAIT_MS = 250;
/** The least margins, in semitones, of accents that are certain or likely. */
const CERTAIN_MARGIN = 0.8;
const LIKELY_MARGIN = 0.3;

/** The accents under the picture of the current clip: one for the page, filled again for every clip. */
class RecognizedAccents {
  /** @type {Row | null} */
  #row = null;
  #timer = 0;

  constructor() {
    this.part = element("div", { className: "picture-accents", hidden: true });
  }

  /**
   * Shows another clip; what is not known yet is asked of the server.
   * @param {Row} row
   */
  show(row) {
    clearTimeout(this.#timer);
    this.#row = row;
    const waits = row.accents === null && app.mode === "serve";
    this.#fill(row, waits ? "Recognizing its accent…" : "");
    if (waits) this.#timer = setTimeout(() => this.#ask(row), ACCENTS_WAIT_MS);
  }

  /** @param {Row} row */
  async #ask(row) {
    const { ok, data } = await app.post("accents", { asset: row.asset, sha256: row.sha256 });
    if (ok) row.accents = data.accents;
    const problem = (ok ? data.problem : data.error) ?? "";
    if (this.#row === row) this.#fill(row, problem ? `Its accent was not recognized: ${problem}` : "");
  }

  /**
   * @param {Row} row
   * @param {string} instead of accents that are not known
   */
  #fill(row, instead) {
    const matches = row.accents ?? [];
    const parts = matches.length > 0 ? accentLines(matches) : [element("span", { className: "accents-note" }, element("bdi", { text: instead }))];
    this.part.replaceChildren(...parts);
    this.part.hidden = matches.length === 0 && instead === "";
  }
}

/**
 * Whether another accent than the expected one was recognized; one on the last mora equals none.
 * @param {AccentMatch} match
 * @returns {boolean}
 */
function isOtherAccent([kana, expected, recognized]) {
  if (recognized === null) return false;
  const last = moraeOf(kana).length;
  return recognized % last !== expected % last;
}

/**
 * The recognized accents, and the expected ones where they differ.
 * @param {AccentMatch[]} matches
 * @returns {HTMLElement[]}
 */
function accentLines(matches) {
  const known = matches.filter((match) => match[2] !== null);
  const others = known.filter(isOtherAccent);
  if (known.length === 0) return [element("span", { className: "accents-note", text: "The pitch does not show which accent it is." })];
  const heard = element("span", { className: "notation", lang: "ja" });
  for (const match of matches) heard.append(accentMark(match));
  const verdict = element("span", { className: "accents-verdict" });
  verdict.classList.toggle("other", others.length > 0);
  verdict.append(icon(others.length > 0 ? "flag" : "check"), verdictInWords(matches, known, others));
  const lines = [element("span", { className: "accents-name", text: "Heard" }), element("div", { className: "accents-heard" }, heard, verdict)];
  if (others.length === 0) return lines;
  const expected = spokenNotation(matches.map(([kana, accent]) => [kana, accent, false]));
  return [...lines, element("span", { className: "accents-name", text: "Expected" }), expected];
}

/**
 * A phrase with its recognized accent; without one, only its kana.
 * @param {AccentMatch} match
 * @returns {HTMLElement}
 */
function accentMark(match) {
  const [kana, expected, recognized] = match;
  if (recognized === null) {
    const text = element("span", { className: "notation-phrase accents-unclear", text: kana });
    text.title = "The pitch does not show which accent it is.";
    return text;
  }
  const isOther = isOtherAccent(match);
  const mark = spokenNotation([[kana, isOther ? recognized : expected, false]]);
  mark.className = "notation-phrase";
  mark.classList.toggle("accents-other", isOther);
  return mark;
}

/**
 * @param {AccentMatch[]} matches
 * @param {AccentMatch[]} known
 * @param {AccentMatch[]} others
 * @returns {string}
 */
function verdictInWords(matches, known, others) {
  const margin = Math.min(...(others.length > 0 ? others : known).map((match) => match[3]));
  const sure = `${marginInWords(margin)} (${margin.toFixed(1)} semitones)`;
  if (others.length > 0 && matches.length > 1) return `${others.length} of ${matches.length} not as expected, ${sure}`;
  if (others.length > 0) return `not as expected, ${sure}`;
  return known.length < matches.length ? `${known.length} of ${matches.length} as expected, ${sure}` : `as expected, ${sure}`;
}

/**
 * How sure an accent is.
 * @param {number} margin by how many semitones the next one fits worse
 * @returns {string}
 */
function marginInWords(margin) {
  if (margin >= CERTAIN_MARGIN) return "certain";
  return margin >= LIKELY_MARGIN ? "likely" : "uncertain";
}
