// Where the page begins: its data read, its parts started, its first rows drawn.

/** Takes the page's data over. */
function readData() {
  const data = payload();
  Object.assign(app, {
    mode: data.mode,
    project: data.project,
    provider: data.provider,
    voices: data.voices ?? [],
    rows: data.clips,
  });
  document.documentElement.dataset.mode = app.mode;
  at("project").textContent = app.project || "Review";
  document.title = `${app.project || "Clips"} – review`;
  readVotes();
}

/** Hears of decisions in another tab with the same page. @param {StorageEvent} event */
function followOtherTabs(event) {
  if (event.key === null || !event.key.startsWith(decisionStart())) return;
  const row = app.rows.find((each) => decisionKey(each) === event.key);
  if (!row) return;
  const vote = votes.get(row);
  // What is taken away from here is with the server.
  if (app.mode === "serve" && event.newValue === null && vote) votes.set(row, { ...vote, saved: true });
  else readVote(row);
  emit("decision", { row, decision: app.decisionOf(row) });
}

/** Tells that the first rows are painted and keys work. */
function markReady() {
  if (document.documentElement.dataset.ready === "true") return;
  performance.mark("review-ready");
  document.documentElement.dataset.ready = "true";
}

/** Starts everything, in the order in which one part needs the other. */
function start() {
  // After the first picture, and before the panel takes its time; a tab that is not seen has no picture.
  requestAnimationFrame(() => setTimeout(markReady));
  setTimeout(markReady, 1000);
  applyTheme();
  readData();
  for (const begin of [
    startPlayer,
    startList,
    startDeck,
    startVotes,
    startKeys,
    startDialogs,
    startFilters,
    startAddress,
    startProgress,
  ])
    begin();
  drawRate();
  if (typeof startPanel === "function") startPanel();
  measureList();
  readAddress();
  startServer();
  tellStrays();
  addEventListener("storage", followOtherTabs);
  at("list").focus({ preventScroll: true });
}

start();
