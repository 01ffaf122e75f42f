// How far the review is, how long the rest may take, and whether the decisions are in safe hands.

/** A longer pause than this is no work. */
const LONGEST_STEP_MS = 120_000;
const RECENT_STEPS = 40;

/** @returns {number|null} milliseconds between two decisions, by this visit's own pace */
function pace() {
  const recent = moments.slice(-RECENT_STEPS);
  const gaps = recent
    .slice(1)
    .map((moment, index) => moment - recent[index])
    .filter((gap) => gap > 0 && gap < LONGEST_STEP_MS);
  return gaps.length < 5 ? null : gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
}

/** @param {number} milliseconds @returns {string} */
function duringWords(milliseconds) {
  const minutes = Math.ceil(milliseconds / 60_000);
  return minutes < 90 ? `about ${minutes} min left` : `about ${Math.round(minutes / 60)} h left`;
}

/** @param {Row[]} rows @returns {{approved: number, rejected: number, undecided: number}} */
function tally(rows) {
  const sums = { approved: 0, rejected: 0, undecided: 0 };
  for (const row of rows) sums[stateOf(row)] += 1;
  return sums;
}

/** Draws the progress of all clips, and of the list if it is not all. */
function drawProgress() {
  const all = app.rows.length;
  const { approved, rejected } = tally(app.rows);
  const decided = approved + rejected;
  const bar = at("progress");
  bar.setAttribute("aria-valuemax", String(all));
  bar.setAttribute("aria-valuenow", String(decided));
  bar.setAttribute("aria-valuetext", `${count(decided)} of ${counted(all, "clip")} decided`);
  at("progress-approved").style.setProperty("width", `${all ? (approved / all) * 100 : 0}%`);
  at("progress-rejected").style.setProperty("width", `${all ? (rejected / all) * 100 : 0}%`);
  at("progress-text").textContent = progressWords(decided, all);
  at("progress-text").title = `${count(approved)} approved, ${count(rejected)} rejected`;
}

/** @param {number} decided @param {number} all @returns {string} */
function progressWords(decided, all) {
  const parts = [`${count(decided)} / ${count(all)} decided`];
  const list = tally(app.view);
  if (app.view.length !== all) parts.push(`${count(list.approved + list.rejected)} / ${count(app.view.length)} here`);
  const step = pace();
  if (step !== null && list.undecided > 0) parts.push(duringWords(step * list.undecided));
  return parts.join(" · ");
}

/** Draws whether all decisions are saved: as a count at the button, or as words of the server's state. */
function drawSaved() {
  const unsent = unsavedVotes().length;
  const unsaved = unsent + strays.size;
  const save = at("save");
  save.dataset.unsaved = String(unsaved);
  save.hidden = app.mode === "serve" && sending.problem === "" && strays.size === 0;
  save.classList.toggle("button-primary", unsaved > 0);
  at("save-count").hidden = unsaved === 0;
  at("save-count").textContent = count(unsaved);
  save.setAttribute("aria-label", unsaved ? `Save decisions, ${count(unsaved)} not saved` : "Save decisions");
  if (app.mode === "serve") drawServerState(unsent);
}

/** @param {number} unsaved */
function drawServerState(unsaved) {
  const saving = at("saving");
  const state = sending.problem ? "failed" : unsaved > 0 ? "saving" : "saved";
  saving.hidden = false;
  // A vote is saved within a blink: a change of words for each would only be noise.
  saving.dataset.state = state;
  saving.title = sending.problem;
  const text = state === "failed" ? `${count(unsaved)} not saved` : "Saved";
  if (saving.textContent !== text && state !== "saving") saving.textContent = text;
}

/** Asks before unsaved decisions are left behind. @param {BeforeUnloadEvent} event */
function askBeforeLeaving(event) {
  if (unsavedVotes().length === 0) return;
  event.preventDefault();
  event.returnValue = true;
}

let progressFrame = 0;

/** Follows decisions and filters. */
function startProgress() {
  const soon = () => {
    cancelAnimationFrame(progressFrame);
    progressFrame = requestAnimationFrame(() => {
      drawProgress();
      drawSaved();
    });
  };
  for (const event of ["decision", "view", "row", "saved", "sending"]) app.subscribe(event, soon);
  at("save").addEventListener("click", () => {
    if (votes.size + strays.size > 0) saveFile();
    else app.announce("Nothing was decided in this browser yet.", { show: true });
  });
  addEventListener("beforeunload", askBeforeLeaving);
  drawProgress();
  drawSaved();
}
