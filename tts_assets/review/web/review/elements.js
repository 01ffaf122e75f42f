// Elements made from data: always as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * The element of the page's own markup with this id.
 * @param {string} id
 * @returns {any} of the kind that review.html has there
 */
const at = (id) => document.getElementById(id);

/**
 * A new element.
 * @param {string} tag
 * @param {{className?: string, text?: string, lang?: string, hidden?: boolean, dataset?: object, attributes?: object, on?: object}} [what]
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
function element(tag, what = {}, ...children) {
  const made = document.createElement(tag);
  if (what.className) made.className = what.className;
  if (what.text !== undefined) made.textContent = tag === "bdi" ? closed(what.text) : what.text;
  if (what.lang) made.lang = what.lang;
  if (what.hidden) made.hidden = true;
  Object.assign(made.dataset, what.dataset);
  for (const [name, value] of Object.entries(what.attributes ?? {})) made.setAttribute(name, value);
  for (const [event, heard] of Object.entries(what.on ?? {})) made.addEventListener(event, heard);
  made.append(...children);
  return made;
}

/**
 * A new element of a drawing.
 * @param {string} tag
 * @param {object} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * One of the icons of review.html, hidden from screen readers.
 * @param {string} name
 * @returns {SVGElement}
 */
function icon(name) {
  return svg("svg", { "aria-hidden": "true", class: "icon" }, svg("use", { href: `#icon-${name}` }));
}

/**
 * A text without the end of a paragraph, and with an end to each of its isolates: a bdi alone does not keep a text in
 * that opens one and does not close it, or closes what it did not open.
 * @param {string} text
 * @returns {string}
 */
function closed(text) {
  let open = 0;
  const kept = text.replace(/[\u2029\u2066-\u2069]/g, (mark) => {
    if (mark === "\u2029") return " ";
    if (mark === "\u2069" && open === 0) return "";
    open += mark === "\u2069" ? -1 : 1;
    return mark;
  });
  return kept + "\u2069".repeat(open);
}

/**
 * Japanese text, isolated from the direction of what is around it.
 * @param {string} text
 * @param {string} [className]
 * @returns {HTMLElement}
 */
function japanese(text, className = "") {
  return element("bdi", { className, text, lang: "ja" });
}

/**
 * The beginning of a text, cut between characters (never inside one of two code units).
 * @param {string} text
 * @param {number} most  in UTF-16 code units
 * @returns {string}
 */
function beginning(text, most) {
  if (text.length <= most) return text;
  const inside = text.charCodeAt(most) >= 0xdc00 && text.charCodeAt(most) <= 0xdfff;
  return `${text.slice(0, inside ? most - 1 : most)}…`;
}

/**
 * Whether a key belongs to the choice of characters, as of kanji for kana. Safari tells the last one, Enter, only by its code.
 * @param {KeyboardEvent} event
 * @returns {boolean}
 */
const composes = (event) => event.isComposing || event.keyCode === 229;

/**
 * Sets an attribute, or takes it away where the value is null.
 * @param {Element} on
 * @param {string} name
 * @param {string|number|null} value
 */
function attribute(on, name, value) {
  if (value === null) on.removeAttribute(name);
  else on.setAttribute(name, String(value));
}

/** @param {number} value @returns {string} as "3.2 s" or "4:05" */
function seconds(value) {
  if (!Number.isFinite(value)) return "–";
  if (value < 60) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** @param {number} share  0..1 @returns {string} as "43 %" */
const percent = (share) => `${Math.floor(share * 100)} %`;

const inGroups = new Intl.NumberFormat("en");

/** @param {number} value @returns {string} as "10,000" */
const count = (value) => inGroups.format(value);

/** @param {number} number @param {string} noun @returns {string} as "1 clip", "3 clips" */
const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/**
 * A name of the data as words: "too_long" becomes "too long".
 * @param {string} name
 * @returns {string}
 */
const words = (name) => name.replace(/[_-]+/g, " ");
