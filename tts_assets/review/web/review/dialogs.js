// Dialogs: help, settings, and the sheets that hold filters and details where the window is narrow.

const wide = matchMedia("(min-width: 1100px)");
const dark = matchMedia("(prefers-color-scheme: dark)");

/** @param {string} id */
function openDialog(id) {
  const dialog = at(id);
  if (dialog.open) return;
  dialog.showModal();
}

/** Puts what is told into the dialog that is open, as all else is inert to screen readers then. */
function placeLive() {
  const open = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (at("live").parentElement !== open) open.append(at("live"), at("live-urgent"));
}

/** Closes by the cross, and by a press beside the dialog. @param {HTMLDialogElement} dialog */
function letClose(dialog) {
  dialog.addEventListener("click", (event) => {
    const { target } = event;
    if (target === dialog || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
  });
}

/** @returns {boolean} whether a dialog other than the details is open: keys are its own then */
const dialogOpen = () => document.querySelector("dialog[open]:not(#sheet)") !== null;

/** Puts filters and details beside the list, or into sheets. */
function placeParts() {
  at(wide.matches ? "filter-place" : "filter-sheet-body").append(at("filters"));
  if (wide.matches) at("shown").before(at("order-place"));
  else at("filters").prepend(at("order-place"));
  at(wide.matches ? "panel-place" : "sheet-body").append(at("panel"));
  if (wide.matches) for (const id of ["filter-sheet", "sheet"]) at(id).close();
  at("filter-place").hidden = !wide.matches;
  at("panel-place").hidden = !wide.matches;
}

/** Sees to it that the details can be seen. */
app.openPanel = () => {
  if (!wide.matches && app.row) openDialog("sheet");
};

/** Goes into the details. */
function enterPanel() {
  app.openPanel();
  if (wide.matches) at("panel").focus();
}

Object.defineProperty(app, "panelShown", { get: () => wide.matches || at("sheet").open });

/** Applies the theme that is chosen, or the system's. */
function applyTheme() {
  const chosen = app.recall("theme", "system");
  const theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
  const changed = document.documentElement.dataset.theme !== theme;
  document.documentElement.dataset.theme = theme;
  if (changed) emit("theme", theme);
}

/** Draws the list of keys. */
function drawKeys() {
  /** @type {Array<[string[], string]>} */
  const all = [
    [["Space"], "Play or stop"],
    [["j", "k"], "Next and previous clip (also the arrow keys)"],
    ...[...letterKeys].map(([key, { label }]) => /** @type {[string[], string]} */ ([[key], label])),
    [[",", "."], "Slower and faster"],
    [["Enter"], "Into the details; Esc back to the list"],
    [["Esc"], "Leave a field, the reasons or a dialog; stop the sound"],
  ];
  const lines = all.filter(([, label]) => label !== "");
  at("keys").replaceChildren(
    ...lines.flatMap(([keys, label]) => [
      element("dt", {}, ...keys.map((key) => element("kbd", { className: "key", text: key }))),
      element("dd", { text: label }),
    ]),
  );
  at("help-mode").textContent =
    app.mode === "serve"
      ? "Decisions are saved as they are made."
      : "Decisions are kept in this browser. Save decisions makes the file for tts-assets review apply.";
}

/** Fills the settings and listens to them. */
function startSettings() {
  at("reviewer").value = app.by();
  at("reviewer").addEventListener("input", () => app.remember("reviewer", at("reviewer").value.trim()));
  at("theme").value = app.recall("theme", "system");
  at("theme").addEventListener("change", () => {
    app.remember("theme", at("theme").value);
    applyTheme();
  });
  at("letter-keys").checked = app.recall("letter-keys", true);
  at("letter-keys").addEventListener("change", () => app.remember("letter-keys", at("letter-keys").checked));
}

/** Makes all dialogs work. */
function startDialogs() {
  document.querySelectorAll("dialog").forEach((dialog) => letClose(dialog));
  new MutationObserver(placeLive).observe(document.body, { subtree: true, attributeFilter: ["open"] });
  at("open-settings").addEventListener("click", () => openDialog("settings"));
  at("open-help").addEventListener("click", openHelp);
  at("open-filters").addEventListener("click", () => openDialog("filter-sheet"));
  at("skip").addEventListener("click", () => at("list").focus());
  startSettings();
  wide.addEventListener("change", placeParts);
  dark.addEventListener("change", applyTheme);
  placeParts();
}

/** Shows the keys. */
function openHelp() {
  drawKeys();
  openDialog("help");
}
