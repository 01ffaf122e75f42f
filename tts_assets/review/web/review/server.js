// Decisions to the server of `review --serve`, again and again until it has them, and what it tells meanwhile.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** So many go in one request, which stays far below what servers and browsers bound. */
const MOST_AT_ONCE = 100;

const sending = { busy: false, timer: 0, wait: FIRST_WAIT_MS, problem: "" };

/**
 * Posts to the server that this page came from.
 * @param {string} path  relative to the page
 * @param {object} body
 * @param {boolean} [leaving]  the page is being left
 * @returns {Promise<{ok: boolean, status: number, data: any}>} never rejected; status 0: nobody answered
 */
app.post = async (path, body, leaving = false) => {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    keepalive: leaving,
  };
  try {
    const answer = await fetch(path, request);
    const data = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, data: data ?? {} };
  } catch {
    return { ok: false, status: 0, data: { error: "The server does not answer." } };
  }
};

/** Sends what the server does not have yet, if it is not being sent already. */
async function sendVotes() {
  clearTimeout(sending.timer);
  if (app.mode !== "serve" || sending.busy) return;
  const chosen = unsavedVotes().slice(0, MOST_AT_ONCE);
  if (chosen.length === 0) return;
  sending.busy = true;
  emit("sending", null);
  const answer = await app.post("decisions", { decisions: chosen.map(record) });
  sending.busy = false;
  if (answer.ok) votesArrived(chosen, answer.data);
  else votesRefused(answer);
  emit("sending", null);
}

/**
 * @param {Array<[Row, Vote]>} chosen
 * @param {{stale?: string[], refused?: string[]}} data  what became of them
 */
function votesArrived(chosen, { stale = [], refused = [] }) {
  if (sending.problem) app.announce("The server is back: all decisions are being saved.", { show: true });
  sending.wait = FIRST_WAIT_MS;
  sending.problem = "";
  markSaved(chosen);
  if (stale.length > 0)
    app.announce(`${counted(stale.length, "decision")} came too late: the sound has been regenerated.`, {
      urgent: true,
      show: true,
    });
  if (refused.length > 0) app.announce(`The server refused a decision: ${refused[0]}`, { urgent: true, show: true });
  if (unsavedVotes().length > 0) sending.timer = setTimeout(sendVotes, 0);
}

/** @param {{status: number, data: any}} answer */
function votesRefused(answer) {
  const first = sending.problem === "";
  sending.problem = problemOf(answer);
  if (first) app.announce(`Not saved: ${sending.problem}`, { urgent: true, show: true });
  sending.timer = setTimeout(sendVotes, sending.wait);
  sending.wait = Math.min(LONGEST_WAIT_MS, sending.wait * 2);
}

/**
 * What is wrong, and what to do.
 * @param {{status: number, data: any}} answer
 * @returns {string}
 */
function problemOf({ status, data }) {
  if (status === 0) return "the server does not answer. Decisions are kept in this browser and sent when it is back.";
  if (status === 403 || status === 404)
    return "the server was started anew. Open the address that it prints now, or save the decisions as a file.";
  return `${data.error ?? `the server answered ${status}`}. Decisions are kept in this browser.`;
}

/** Listens to what the server tells, and puts new sounds in their places. The browser itself connects again. */
function listenToServer() {
  const events = new EventSource("events");
  events.addEventListener("message", ({ data }) => heardFromServer(data));
  events.addEventListener("open", () => {
    if (sending.problem) sendVotes();
  });
}

/** @param {string} text  one event */
function heardFromServer(text) {
  let event;
  try {
    event = JSON.parse(text);
  } catch {
    return;
  }
  if (event?.row) app.replaceRow(event.row, event.asset);
  if (event?.type) emit(event.type, event);
}

/** The last try while the page is being left; what does not arrive is kept, and sent when it is opened again. */
function sendBeforeLeaving() {
  const chosen = unsavedVotes().slice(0, MOST_AT_ONCE);
  if (app.mode === "serve" && chosen.length > 0) app.post("decisions", { decisions: chosen.map(record) }, true);
}

/** Begins to send and to listen. */
function startServer() {
  if (app.mode !== "serve") return;
  app.subscribe("decision", sendVotes);
  addEventListener("online", sendVotes);
  addEventListener("pagehide", sendBeforeLeaving);
  listenToServer();
  sendVotes();
}
