// Voting: only on what was heard, with a reason for a rejection, and always to be undone.

const REASONS = ["wrong reading", "wrong accent", "cut off", "noise", "too fast"];
const OTHER = "other";

/** @typedef {{row: Row, before: Vote|null, was: Decision|null}} Step */
/** @type {Step[]} */
const steps = [];
/** When decisions were made, to tell how long the rest may take. @type {number[]} */
const moments = [];

/**
 * Decides on the selected clip.
 * @param {"approved"|"rejected"|"undecided"} decided
 * @param {string} [reason]
 * @returns {boolean} false if it may not be decided yet; why is told
 */
app.decide = (decided, reason = "") => {
  const { row } = app;
  if (!row || (decided === "undecided" && stateOf(row) === decided)) return false;
  const problem = decided === "undecided" ? "" : tooEarly(row, decided);
  if (problem) {
    app.announce(problem, { urgent: true, show: true, warn: true });
    return false;
  }
  steps.push({ row, before: votes.get(row) ?? null, was: app.decisionOf(row) });
  moments.push(performance.now());
  castVote(row, decided, reason);
  const told = `${place(row)}: ${decided}${reason ? `, ${reason}` : ""}.`;
  if (decided === "undecided") app.announce(told, { show: true });
  else moveOn(told);
  return true;
};

/**
 * @param {Row} row
 * @param {"approved"|"rejected"|"undecided"} decided
 * @param {string} reason
 */
function castVote(row, decided, reason) {
  setVote(row, { decided, reason, at: momentOf(row), by: app.by(), saved: false });
  emit("decision", { row, decision: app.decisionOf(row) });
}

/**
 * Goes to the next undecided clip of the list.
 * @param {string} told  what was decided
 */
function moveOn(told) {
  const next = nextUndecided();
  if (next < 0) {
    stop();
    app.announce(`${told} All ${counted(app.view.length, "clip")} of this list are decided.`, { show: true });
    return;
  }
  app.announce(told);
  app.select(next, { play: app.recall("autoplay", true) });
}

/** @returns {number} where the next undecided clip of the list is, from its beginning again after its end; -1: nowhere */
function nextUndecided() {
  const after = app.view.findIndex((row, index) => index > app.index && stateOf(row) === "undecided");
  return after >= 0 ? after : app.view.findIndex((row, index) => index !== app.index && stateOf(row) === "undecided");
}

const ahead = new Audio();

/** Fetches the sound that is likely to be played next, where sounds come over a network. */
function fetchAhead() {
  const next = app.view[nextUndecided()];
  if (!next || !location.protocol.startsWith("http") || ahead.dataset.sound === next.sound) return;
  ahead.dataset.sound = next.sound;
  ahead.preload = "auto";
  ahead.src = next.sound;
}

/** Takes the last decision of this visit back, and goes to its clip. */
function undo() {
  const step = steps.pop();
  if (!step) return app.announce("There is nothing to undo.", { show: true });
  if (!app.rows.includes(step.row)) {
    drawDecided();
    return app.announce("That sound has been regenerated: its decision is not undone.", { show: true });
  }
  moments.pop();
  takeBack(step);
  const index = app.view.indexOf(step.row);
  if (index >= 0) app.select(index);
  const hidden = index < 0 ? ", and hidden by the filters" : "";
  app.announce(`Undone: ${place(step.row)} is ${stateOf(step.row)} again${hidden}.`, { show: true });
}

/** Puts back what counted before a decision. @param {Step} step */
function takeBack(step) {
  const now = votes.get(step.row);
  // What nobody else has seen may vanish; what was saved is taken back by a decision of its own.
  if (now && !now.saved && app.mode === "export" && !step.before?.saved) setVote(step.row, step.before);
  else
    setVote(step.row, {
      decided: "undecided",
      reason: "",
      ...step.was,
      at: momentOf(step.row),
      by: app.by(),
      saved: false,
    });
  emit("decision", { row: step.row, decision: app.decisionOf(step.row) });
}

/** What had the focus before the reasons were asked for. @type {any} */
let focusBefore = null;

/** @returns {boolean} whether fingers are at work: a field would have half of the window covered by letters */
const touches = () => matchMedia("(pointer: coarse)").matches;

/** Asks why the selected clip is rejected. */
function askReason() {
  const { row } = app;
  if (!row) return;
  const problem = tooEarly(row, "rejected");
  if (problem) return app.announce(problem, { urgent: true, show: true, warn: true });
  at("sheet").close();
  focusBefore = document.activeElement;
  at("reason").hidden = false;
  at("reason-text").value = stateOf(row) === "rejected" ? (app.decisionOf(row)?.reason ?? "") : "";
  if (touches()) at("reasons").firstElementChild.focus();
  else at("reason-text").select();
}

/** @returns {boolean} whether the reasons are shown */
const asksReason = () => !at("reason").hidden;

/** Leaves the reasons. */
function leaveReason() {
  if (!asksReason()) return;
  at("reason").hidden = true;
  const back = focusBefore?.isConnected && focusBefore !== document.body ? focusBefore : at("list");
  back.focus({ preventScroll: true });
  if (document.activeElement !== back) at("list").focus({ preventScroll: true });
}

/**
 * Rejects with a quick reason, and what was typed beside it.
 * @param {string} reason  "" for none
 */
function rejectWith(reason) {
  const typed = at("reason-text").value.trim();
  if (reason === OTHER && typed === "") return at("reason-text").focus();
  const quick = reason === OTHER ? "" : reason;
  leaveReason();
  app.decide("rejected", [quick, typed].filter(Boolean).join(": "));
}

/** @param {KeyboardEvent} event */
function reasonKey(event) {
  if (composes(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target === at("reason-text");
  const choice =
    /^[1-6]$/.test(event.key) && (!typing || at("reason-text").value === "" || wholeSelected()) ? Number(event.key) : 0;
  if (event.key === "Escape") leaveReason();
  else if (event.key === "Enter" && typing) rejectWith("");
  else if (choice > 0) chooseReason(choice);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** @returns {boolean} whether what is typed next replaces all of the text */
function wholeSelected() {
  const field = at("reason-text");
  return field.selectionStart === 0 && field.selectionEnd === field.value.length;
}

/** @param {number} digit */
function chooseReason(digit) {
  at("reason-text").value = "";
  rejectWith(REASONS[digit - 1] ?? OTHER);
}

/** Draws the quick reasons and listens to them and to the buttons of the deck. */
function startVotes() {
  [...REASONS, OTHER].forEach((reason, index) => {
    const key = element("kbd", { className: "key", text: String(index + 1) });
    at("reasons").append(
      element(
        "button",
        {
          className: "button",
          dataset: { reason },
          attributes: { type: "button" },
          on: { click: () => rejectWith(reason) },
        },
        key,
        reason,
      ),
    );
  });
  if (touches()) at("reason-text").placeholder = "In your own words";
  at("reason").addEventListener("keydown", reasonKey);
  at("reason-confirm").addEventListener("click", () => rejectWith(""));
  at("reason-leave").addEventListener("click", leaveReason);
  app.subscribe("play", fetchAhead);
  app.subscribe("select", () => {
    if (asksReason()) leaveReason();
  });
}
