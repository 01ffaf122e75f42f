// The details of the selected clip: what it says, how it sounds, what is wrong with it, and what was there before.

/** Where the details are drawn, and with what. */
const panel = {
  /** @type {Picture | null} */
  picture: null,
  /** @type {Comparison | null} */
  comparison: null,
  /** @type {AgainForm | null} */
  form: null,
  /** @type {Record<string, HTMLElement>} */
  parts: {},
};

/** Builds the panel; once, when the page is ready. */
function startPanel() {
  panel.picture = new Picture();
  panel.comparison = new Comparison();
  const names = ["empty", "head", "lines", "findings", "facts", "uses", "decision", "hint"];
  for (const name of names) panel.parts[name] = element("div", { className: `panel-${name}` });
  const { empty, head, lines, findings, facts, uses, decision, hint } = panel.parts;
  empty.append(element("p", { className: "quiet", text: "No clip is selected." }));
  const { figure } = panel.picture;
  const shown = element("div", { className: "panel-clip" }, head, findings, figure, lines, panel.comparison.part, decision, facts, uses, hint);
  panel.parts.clip = shown;
  at("panel").append(empty, shown);
  if (app.mode === "serve") startAgain();
  else hint.append(otherWays());
  app.key("o", "Old or new: play the other", () => panel.comparison?.other());
  app.subscribe("decision", (/** @type {{row: Row}} */ { row }) => {
    if (row === app.row) fill(decision, decisionPart(row));
  });
  for (const event of ["time", "play", "stop"]) app.subscribe(event, markLine);
  showPanel(null);
}

/**
 * What to do where nothing can be regenerated.
 * @returns {HTMLElement}
 */
function otherWays() {
  const [serve, generate] = ["tts-assets review --serve", "tts-assets generate --only rejected"].map((text) => element("code", { text }));
  return element("p", {}, "To regenerate it with another reading, accent or voice, review with ", serve, "; or reject it, and run ", generate, ".");
}

/** Makes it possible to regenerate clips. */
function startAgain() {
  const tray = new JobTray();
  panel.form = new AgainForm((row, job) => tray.add(row, job));
  document.body.append(panel.form.dialog, tray.tray);
  app.key("e", "Edit and regenerate", openAgain);
}

/** Opens the form for the selected clip. */
function openAgain() {
  const { row } = app;
  if (row === null) return;
  if (row.again) panel.form?.open(row);
  else app.announce("This sound cannot be regenerated here.", { show: true });
}

/**
 * Shows the details of a clip.
 * @param {Row | null} row
 */
function showPanel(row) {
  const { parts, picture, comparison } = panel;
  parts.empty.hidden = row !== null;
  parts.clip.hidden = row === null;
  if (row === null || picture === null || comparison === null) return;
  fill(parts.head, headPart(row));
  fill(parts.findings, findingsPart(row));
  fill(parts.lines, linesPart(row));
  fill(parts.facts, factsPart(row));
  fill(parts.uses, usesPart(row));
  fill(parts.decision, decisionPart(row));
  picture.show(row);
  comparison.show(row);
  markLine();
}

/**
 * @param {HTMLElement} place
 * @param {HTMLElement | null} part
 */
function fill(place, part) {
  place.replaceChildren(...(part === null ? [] : [part]));
}

/**
 * What the clip says, and the way to another sound of it.
 * @param {Row} row
 * @returns {HTMLElement}
 */
function headPart(row) {
  const text = element("h2", { className: "panel-text" }, japanese(row.text));
  text.classList.toggle("long", row.text.length > 24);
  // Its lines are listed below.
  text.classList.toggle("brief", row.cues.length > 0);
  const again = element("button", { className: "button panel-again", attributes: { type: "button", "aria-keyshortcuts": "e" } });
  again.append(icon("edit"), element("span", { text: "Regenerate" }), element("kbd", { className: "key", text: "e", attributes: { "aria-hidden": "true" } }));
  again.addEventListener("click", openAgain);
  if (app.mode === "serve" && row.again) return element("div", { className: "panel-top" }, text, again);
  return element("div", { className: "panel-top" }, text);
}

/**
 * The lines of a passage, each of which can be heard; null for anything else.
 * @param {Row} row
 * @returns {HTMLElement | null}
 */
function linesPart(row) {
  if (row.cues.length === 0) return null;
  const speakers = [...new Set(row.cues.map((cue) => cue[2]))];
  const items = row.cues.map(([begin, end, speaker, text]) => {
    const time = element("span", { className: "line-time", text: clock(begin) });
    const who = element("bdi", { className: "line-speaker", text: speaker, lang: "ja", dataset: { speaker: String(speakers.indexOf(speaker) % 4) } });
    const button = element("button", { className: "cue-line", attributes: { type: "button" }, dataset: { begin: String(begin), end: String(end) } });
    button.append(time, ...(speaker ? [who] : []), japanese(text, "line-text"));
    button.addEventListener("click", () => hearFrom(row, begin));
    return element("li", {}, button);
  });
  return element("section", { className: "panel-part" }, element("h3", { text: "Lines" }), element("ol", { className: "lines" }, ...items));
}

/** Marks the line of a passage that is heard. */
function markLine() {
  const { row } = app;
  if (row === null || row.cues.length === 0) return;
  const time = isLoaded(row.sound) ? app.player.audio.currentTime : -1;
  for (const line of panel.parts.lines.querySelectorAll(".cue-line")) {
    const { begin, end } = /** @type {HTMLElement} */ (line).dataset;
    const isNow = time > 0 && time >= Number(begin) && time < Number(end);
    if (isNow === line.hasAttribute("aria-current")) continue;
    attribute(line, "aria-current", isNow ? "true" : null);
    if (isNow && app.player.playing) showLine(/** @type {HTMLElement} */ (line));
  }
}

/**
 * Scrolls the lines, and nothing else, so that one is seen.
 * @param {HTMLElement} line
 */
function showLine(line) {
  const list = /** @type {HTMLElement} */ (line.closest(".lines"));
  const [outer, inner] = [list.getBoundingClientRect(), line.getBoundingClientRect()];
  if (inner.top < outer.top) list.scrollTop += inner.top - outer.top;
  if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom;
}

/**
 * @param {number} time in seconds
 * @returns {string} "0:05"
 */
function clock(time) {
  return `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`;
}
