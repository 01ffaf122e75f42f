// The clips of the page: read from its data, and in words that can be searched.

/**
 * Reads what the page was made with.
 * @returns {{version: number, mode: string, project: string, provider: string, voices: any[], clips: Row[]}}
 */
function payload() {
  return JSON.parse(at("review-data").textContent);
}

/**
 * @param {string} base64
 * @returns {Uint8Array}
 */
function bytesOf(base64) {
  const text = atob(base64 || "");
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/**
 * A text as it is searched: width, case and kind of kana make no difference.
 * @param {string} text
 * @returns {string}
 */
function folded(text) {
  const plain = text.normalize("NFKC").toLowerCase();
  return plain.replace(/[\u30a1-\u30f6\u30fd\u30fe]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
}

/** @type {WeakMap<Row, string>} */
const searchTexts = new WeakMap();

/**
 * All words of a clip that a search may mean, folded.
 * @param {Row} row
 * @returns {string}
 */
function searchText(row) {
  let text = searchTexts.get(row);
  if (text === undefined) {
    const entries = row.uses.flatMap((use) => [use.entry, use.file]);
    const spoken = row.phrases.map((phrase) => phrase[0]).join("");
    text = folded([row.text, row.reading ?? "", spoken, row.asset, ...entries].join("\n"));
    searchTexts.set(row, text);
  }
  return text;
}

/**
 * Whether somebody should look at it first: it breaks a rule, or it was made again and waits for another ear.
 * @param {Row} row
 * @returns {boolean}
 */
const flagged = (row) => row.findings.length > 0 || row.earlier !== null;

/** @param {string} voice @returns {string} without the provider that all have */
const voiceName = (voice) => (voice.startsWith(`${app.provider}/`) ? voice.slice(app.provider.length + 1) : voice);

/** Worked out when it is asked for. @type {boolean|null} */
let severalVoices = null;

/** @returns {boolean} whether a clip's voice says anything */
function manyVoices() {
  severalVoices ??= app.rows.some((row) => row.voice !== app.rows[0].voice);
  return severalVoices;
}

/**
 * Where a clip is used, in a few words.
 * @param {Row} row
 * @returns {string}
 */
const place = (row) => `${words(row.uses[0].kind)} · ${placeInKind(row)}`;

/**
 * A name without the marks that turn around what stands beside it.
 * @param {string} text
 * @returns {string}
 */
const undirected = (text) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");

/** @param {Row} row @returns {string} the same without its kind */
function placeInKind(row) {
  const use = row.uses[0];
  const parts = [use.level, use.entry, use.part, manyVoices() ? voiceName(row.voice) : ""]
    .filter((part) => part !== "")
    .map((part) => beginning(undirected(part), 60));
  if (row.uses.length > 1) parts.push(`+${row.uses.length - 1}`);
  return parts.join(" · ");
}
