// Morae: how the phrases of a clip are said, high and low, and when each mora is heard.

/**
 * A mora as it is drawn.
 * @typedef {object} Mora
 * @property {string} kana in katakana, as it sounds
 * @property {boolean} high whether its pitch is high
 * @property {boolean} falls whether the pitch falls after it: the accent
 * @property {boolean} opens whether it is the first of its phrase
 * @property {boolean} pause whether a pause follows it
 */

/**
 * A mora and when it is heard, in seconds from the beginning of the sound.
 * @typedef {Mora & {begin: number, end: number}} TimedMora
 */

/** Kana that sound together with the one before them. */
const SMALL_KANA = new Set("ァィゥェォャュョヮ");

/**
 * The morae of a text in katakana; anything but kana makes a mora of its own.
 * @param {string} kana
 * @returns {string[]}
 */
function moraeOf(kana) {
  /** @type {string[]} */
  const morae = [];
  for (const each of kana) {
    if (SMALL_KANA.has(each) && morae.length > 0) morae[morae.length - 1] += each;
    else morae.push(each);
  }
  return morae;
}

/**
 * Katakana for hiragana; everything else stays.
 * @param {string} text
 * @returns {string}
 */
function katakanaOf(text) {
  return text.replace(/[\u3041-\u3096]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60));
}

/**
 * Whether a mora of a phrase is high, in standard Japanese.
 * @param {number} index of the mora in its phrase, from 0
 * @param {number} accent the mora after which the pitch falls; 0 for none
 * @returns {boolean}
 */
function isHigh(index, accent) {
  if (accent === 1) return index === 0;
  return index > 0 && (accent === 0 || index < accent);
}

/**
 * The morae of phrases in order, as they should sound.
 * @param {Array<[string, number, boolean]>} phrases
 * @returns {Mora[]}
 */
function moraeOfPhrases(phrases) {
  return phrases.flatMap(([kana, accent, pause]) => {
    const morae = moraeOf(kana);
    return morae.map((each, index) => ({
      kana: each,
      high: isHigh(index, accent),
      falls: index === accent - 1,
      opens: index === 0,
      pause: pause && index === morae.length - 1,
    }));
  });
}

/**
 * Whether the voice of a clip is told accents; of others, all morae are drawn at one height.
 * @param {Row} row
 * @returns {boolean}
 */
function saysAccents(row) {
  return row.morae.length < 2 || row.morae.some((mora) => mora[3] === 1);
}

/**
 * The morae of a clip with their times; none where nobody knows the times.
 * @param {Row} row
 * @returns {TimedMora[]}
 */
function timedMorae(row) {
  const told = moraeOfPhrases(row.phrases);
  const fits = told.length === row.morae.length && saysAccents(row);
  return row.morae.map(([kana, begin, end, high], index) => {
    const next = row.morae[index + 1];
    const own = fits ? told[index] : { falls: high === 1 && next?.[3] === 0, opens: index === 0, pause: false };
    return { kana, begin, end, high: high === 1, falls: own.falls, opens: own.opens, pause: own.pause };
  });
}

/**
 * Phrases as dictionaries of accents write them: a line over what is high, with a hook where it falls.
 * @param {Array<[string, number, boolean]>} phrases
 * @returns {HTMLElement}
 */
function spokenNotation(phrases) {
  const whole = element("span", { className: "notation", lang: "ja" });
  /** @type {HTMLElement | null} */
  let phrase = null;
  for (const mora of moraeOfPhrases(phrases)) {
    if (mora.opens || phrase === null) {
      phrase = element("span", { className: "notation-phrase" });
      whole.append(phrase);
    }
    phrase.append(moraMark(mora));
    if (mora.pause) phrase.append(element("span", { className: "notation-pause", text: "、" }));
  }
  return whole;
}

/**
 * A mora with its height and its fall, for eyes and for ears.
 * @param {Mora} mora
 * @returns {HTMLElement}
 */
function moraMark(mora) {
  const mark = element("span", { className: "mora", text: mora.kana });
  mark.classList.toggle("high", mora.high);
  mark.classList.toggle("falls", mora.falls);
  if (mora.falls) mark.append(element("span", { className: "visually-hidden", text: "↓" }));
  return mark;
}

/**
 * Phrases in one line of text, as the ledger writes them.
 * @param {Array<[string, number, boolean]>} phrases
 * @returns {string}
 */
function notationText(phrases) {
  return phrases
    .map(([kana, accent, pause], index) => {
      const morae = moraeOf(kana);
      const said = accent === 0 ? kana : [...morae.slice(0, accent), "↓", ...morae.slice(accent)].join("");
      return index === phrases.length - 1 ? said : said + (pause ? "、" : "/");
    })
    .join("");
}
