// Keys for one hand. They rest while somebody types, and can be switched off in the settings.

/** @type {Map<string, {label: string, press: Function}>} */
const letterKeys = new Map();
/** Keys that may be held down. */
const HELD = new Set(["j", "k", ",", "."]);

/**
 * Gives a letter key something to do.
 * @param {string} key
 * @param {string} label  its line in the help; "" for none
 * @param {Function} press
 */
app.key = (key, label, press) => {
  letterKeys.set(key, { label, press });
};

/** @param {any} target @returns {boolean} whether letters go into it */
function takesText(target) {
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && !["checkbox", "radio", "button", "range"].includes(target.type);
}

/** @param {Element} target @returns {boolean} whether the space key presses it */
const pressable = (target) =>
  target.closest("button, a, summary, input, label, [role=button], [role=tab], [role=slider]") !== null;

/**
 * The key as on a Latin keyboard, also where a Japanese or another one is at work.
 * @param {KeyboardEvent} event
 * @returns {string}
 */
function keyOf(event) {
  const { key, code } = event;
  if (code === "Space") return " ";
  if (key.length === 1 && key.charCodeAt(0) < 128) return key.toLowerCase();
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  /** @type {Record<string, string>} */
  const marks = { Comma: ",", Period: ".", Slash: event.shiftKey ? "?" : "/" };
  return marks[code] ?? key;
}

/** @param {number} by */
function move(by) {
  const last = app.view.length - 1;
  if (last < 0) return;
  const to = Math.min(last, Math.max(0, app.index + by));
  if (to !== app.index) app.select(to);
  else if (by !== 0)
    app.announce(by > 0 ? "This is the last clip of the list." : "This is the first clip of the list.");
}

/** @param {string} key @returns {number|null} by how many rows it moves; null: it does not */
function movement(key) {
  const page = Math.max(1, Math.floor(listSize.height / listSize.row) - 1);
  /** @type {Record<string, number>} */
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  return by[key] ?? null;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialogOpen()) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (composes(event) || takesText(target) || target.closest("#reason")) return;
  const key = keyOf(event);
  if (
    pressedForList(key, target) ||
    leftPanel(key, target) ||
    pressedSpace(key, target, event) ||
    pressedLetter(key, event)
  )
    event.preventDefault();
}

/** @param {string} key @param {Element} target @returns {boolean} */
function pressedForList(key, target) {
  if (target !== at("list") && target !== document.body) return false;
  const by = movement(key);
  if (by !== null) move(by);
  else if (key === "Enter") enterPanel();
  else if (key === "Escape") stop();
  else return false;
  return true;
}

/** @param {string} key @param {Element} target @returns {boolean} */
function leftPanel(key, target) {
  if (key !== "Escape" || !target.closest("#panel-place")) return false;
  at("list").focus({ preventScroll: true });
  return true;
}

/** @param {string} key @param {Element} target @param {KeyboardEvent} event @returns {boolean} */
function pressedSpace(key, target, event) {
  if (key !== " " || pressable(target)) return false;
  if (!event.repeat) toggle();
  return true;
}

/** @param {string} key @param {KeyboardEvent} event @returns {boolean} */
function pressedLetter(key, event) {
  const letter = letterKeys.get(key);
  if (!letter || !app.recall("letter-keys", true)) return false;
  if (!event.repeat || HELD.has(key)) letter.press();
  return true;
}

/** Registers the page's own keys. */
function startKeys() {
  app.key("j", "", () => move(1));
  app.key("k", "", () => move(-1));
  app.key("a", "Approve, and go on to the next undecided clip", () => app.decide("approved"));
  app.key("r", "Reject: then 1 to 5 for a reason, or words and Enter", askReason);
  app.key("u", "Undo, as often as you like", undo);
  app.key("c", "Clear the decision", () => app.decide("undecided"));
  app.key(",", "", () => changeRate(-1));
  app.key(".", "", () => changeRate(1));
  app.key("/", "Search", () => {
    at("sheet").close();
    at("search").focus();
    at("search").select();
  });
  app.key("?", "These keys", openHelp);
  document.addEventListener("keydown", pressed);
}
