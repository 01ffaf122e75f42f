// The deck: what plays, how much of it was heard, and the buttons for one hand.

const MESSAGE_MS = 4000;
let messageTimer = 0;
let liveTurn = false;

/**
 * Tells something: to screen readers always, and to eyes if they would not see it otherwise.
 * @param {string} text
 * @param {{urgent?: boolean, show?: boolean, warn?: boolean}} [how]
 */
app.announce = (text, { urgent = false, show = false, warn = urgent } = {}) => {
  liveTurn = !liveTurn;
  // The same words again would not be read: a space at the end makes them others.
  at(urgent ? "live-urgent" : "live").textContent = text + (liveTurn ? "\u00a0" : "");
  if (!show) return;
  const message = at("message");
  message.textContent = text;
  message.dataset.kind = warn ? "warn" : "info";
  message.hidden = false;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => {
    message.hidden = true;
  }, MESSAGE_MS);
};

/** Draws the deck for the selected clip. */
function drawDeck() {
  const { row } = app;
  for (const id of ["play", "approve", "reject", "details"]) at(id).disabled = row === null;
  at("now-text").replaceChildren(...(row ? nowText(row) : []));
  drawPlaying();
  drawPosition(0);
  drawDecided();
}

/** @param {Row} row @returns {Array<Node|string>} */
function nowText(row) {
  const text = japanese(beginning(row.text, MOST_SHOWN), "now-said");
  return row.reading && row.reading !== row.text
    ? [text, " ", japanese(beginning(row.reading, MOST_SHOWN), "now-reading")]
    : [text];
}

/** Shows how much of the selected clip was heard, and whether it may be decided. */
function drawHeard() {
  const { row } = app;
  const heard = row ? heardShare(row) : 0;
  at("heard").dataset.heard = String(Math.floor(heard * 100));
  at("heard").dataset.enough = String(heard >= ENOUGH);
  at("heard-part").style.setProperty("transform", `scaleX(${heard >= ENOUGH ? 1 : heard})`);
  at("approve").dataset.early = String(row !== null && tooEarly(row, "approved") !== "");
  at("reject").dataset.early = String(row !== null && tooEarly(row, "rejected") !== "");
}

/** Shows where the sound is. @param {number} place  in seconds */
function drawPosition(place) {
  const { row } = app;
  if (!row) return at("now-state").replaceChildren();
  const heard = heardShare(row);
  const parts = [
    `${place.toFixed(1)} / ${seconds(row.seconds)}`,
    heard >= ENOUGH ? "heard" : heard > 0 ? `${percent(heard)} heard` : "not heard",
  ];
  at("now-state").textContent = parts.join(" · ");
  const part = place > 0 && row.seconds > 0 ? Math.min(1, place / row.seconds) : 0;
  at("heard-now").style.setProperty("transform", `translateX(${(part * 100).toFixed(2)}%)`);
  at("heard-now").hidden = part === 0 || part === 1;
}

/** Shows the decision on the selected clip at the buttons. */
function drawDecided() {
  const state = app.row ? stateOf(app.row) : "undecided";
  at("deck").dataset.decided = state;
  at("approve").setAttribute("aria-pressed", String(state === "approved"));
  at("reject").setAttribute("aria-pressed", String(state === "rejected"));
  at("undo").disabled = steps.length === 0;
}

/** Shows whether the button plays or stops. */
function drawPlaying() {
  const on = app.player.playing;
  at("play-icon").setAttribute("href", on ? "#icon-stop" : "#icon-play");
  at("play-word").textContent = on ? "Stop" : "Play";
  at("play").dataset.playing = String(on);
  drawHeard();
}

/** @param {{url: string, seconds: number}} time */
function drawTime({ seconds: place }) {
  if (playing.row !== app.row || !app.row) return;
  drawHeard();
  drawPosition(place);
}

/** @param {number} by  steps of a tenth */
function changeRate(by) {
  app.player.rate += by / 10;
  app.announce(`Speed ${app.player.rate.toFixed(1)}`);
}

/** Shows the speed and at which end of the range it is. */
function drawRate() {
  const { rate } = app.player;
  at("speed").textContent = `${rate.toFixed(1)}×`;
  at("slower").disabled = rate <= SLOWEST;
  at("faster").disabled = rate >= FASTEST;
}

/** Turns autoplay on or off. */
function changeAutoplay() {
  const on = !app.recall("autoplay", true);
  app.remember("autoplay", on);
  at("autoplay").setAttribute("aria-pressed", String(on));
  app.announce(on ? "Autoplay is on." : "Autoplay is off.");
}

/** Listens to the buttons, and to what they show. */
function startDeck() {
  const pressed = {
    play: toggle,
    approve: () => app.decide("approved"),
    reject: askReason,
    undo,
    slower: () => changeRate(-1),
    faster: () => changeRate(1),
    autoplay: changeAutoplay,
    details: () => app.openPanel(),
  };
  for (const [id, press] of Object.entries(pressed)) at(id).addEventListener("click", press);
  // A click must not take the focus: the space key would press that button again.
  at("deck").addEventListener("mousedown", (/** @type {MouseEvent} */ event) => event.preventDefault());
  at("autoplay").setAttribute("aria-pressed", String(app.recall("autoplay", true)));
  app.subscribe("select", drawDeck);
  app.subscribe("decision", drawDecided);
  app.subscribe("play", drawPlaying);
  app.subscribe("stop", drawPlaying);
  app.subscribe("time", drawTime);
  app.subscribe("rate", drawRate);
  app.subscribe("storage-fails", tellForgetful);
  if (!storage) tellForgetful();
}

/** Tells that nothing outlives the page. */
function tellForgetful() {
  const then =
    app.mode === "serve" ? "what was heard is forgotten when you leave it" : "save the decisions before you leave it";
  app.announce(`This browser keeps nothing for this page: ${then}.`, { urgent: true, show: true });
}
