// What this browser keeps: decisions, what was heard, and preferences. Works without, too, until the page is left.

const kept = new Map();
/** It was told that nothing can be kept. */
let storageFails = false;

/** @returns {Storage|null} null where the browser allows none */
function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

const storage = browserStorage();

/**
 * @param {string} key
 * @returns {string|null}
 */
function read(key) {
  if (kept.has(key)) return kept.get(key);
  try {
    return storage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

/**
 * Keeps a text; null takes it away.
 * @param {string} key
 * @param {string|null} value
 * @returns {boolean} false if it is only kept until the page is left
 */
function keep(key, value) {
  kept.delete(key);
  if (write(key, value) || (forgetStale() && write(key, value))) return true;
  kept.set(key, value);
  if (!storageFails) emit("storage-fails", null);
  storageFails = true;
  return false;
}

/** @param {string} key @param {string|null} value @returns {boolean} false where it is full or forbidden */
function write(key, value) {
  if (!storage) return false;
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/**
 * The object that is kept under a key; null if there is none, or if it cannot be read.
 * @param {string} key
 * @returns {any}
 */
function readObject(key) {
  const text = read(key);
  if (text === null) return null;
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** How the keys of all decisions on this project begin. */
const decisionStart = () => `tts-assets/${app.project}/decision/`;

/** @param {Row} row @returns {string} */
const decisionKey = (row) => `${decisionStart()}${row.asset}/${row.sha256}`;

/** @param {string} sha256 @returns {string} */
const heardKey = (sha256) => `tts-assets/${app.project}/heard/${sha256}`;

/** Keeps a preference of this browser. @param {string} name @param {*} value */
app.remember = (name, value) => {
  keep(`tts-assets/preference/${name}`, JSON.stringify({ value }));
};

/** A preference of this browser. @param {string} name @param {*} fallback @returns {*} */
app.recall = (name, fallback) => readObject(`tts-assets/preference/${name}`)?.value ?? fallback;

/** @returns {string} the reviewer's name, "" if there is none */
app.by = () => String(app.recall("reviewer", ""));
