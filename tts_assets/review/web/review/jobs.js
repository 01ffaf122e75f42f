// What is being made again: a small tray that tells how far each clip is.

/** What a job's state is in words. */
const JOB_IN_WORDS = {
  queued: "Waiting",
  making: "Being made",
  made: "Made again",
  same: "Sounds the same as before",
  failed: "Failed",
};
/** States in which there is still something to come. */
const OPEN_STATES = new Set(["queued", "making"]);
/** What is made and seen is shown so long, in milliseconds; anything else stays until it is taken off. */
const SEEN_SHOWN_MS = 6_000;

/**
 * A clip that is made again, in the tray.
 * @typedef {object} Job
 * @property {HTMLElement} item
 * @property {HTMLElement} told
 * @property {HTMLProgressElement} bar
 * @property {HTMLButtonElement} hear
 * @property {string} asset
 * @property {string} state
 */

/** The tray of clips that are being made again. */
class JobTray {
  /** @type {Map<string, Job>} */
  #jobs = new Map();

  constructor() {
    this.list = element("ul", { className: "jobs-list" });
    this.tray = element("section", { className: "jobs", hidden: true, attributes: { id: "jobs", "aria-label": "Made again" } }, this.list);
    app.subscribe("again", (/** @type {any} */ event) => this.#hear(event));
    new MutationObserver(() => this.#place()).observe(at("sheet"), { attributeFilter: ["open"] });
  }

  /** Puts the tray where it can be seen and pressed: into the sheet of details while that covers the page. */
  #place() {
    const sheet = /** @type {HTMLDialogElement} */ (at("sheet"));
    const place = sheet.open ? sheet : document.body;
    if (this.tray.parentElement !== place) place.append(this.tray);
    const above = sheet.open || app.panelShown ? 0 : at("deck").offsetHeight;
    this.tray.style.setProperty("--jobs-above", `${above}px`);
  }

  /**
   * Shows a job that the server has taken.
   * @param {Row} row
   * @param {string} number
   */
  add(row, number) {
    // What was made of this clip before is history.
    for (const [old, job] of this.#jobs) if (job.asset === row.asset && !OPEN_STATES.has(job.state)) this.#close(old);
    if (!this.#jobs.has(number)) this.#open(number, row.asset, row.text);
    app.announce(`${row.text}: waiting to be regenerated`);
  }

  /**
   * @param {string} number
   * @param {string} asset
   * @param {string} text
   * @returns {Job}
   */
  #open(number, asset, text) {
    const told = element("span", { className: "job-state", text: JOB_IN_WORDS.queued });
    const bar = /** @type {HTMLProgressElement} */ (element("progress", { attributes: { "aria-label": "Progress" } }));
    const hear = /** @type {HTMLButtonElement} */ (element("button", { className: "button", text: "Hear it", hidden: true, attributes: { type: "button" } }));
    const leave = element("button", { className: "button button-bare", attributes: { type: "button", "aria-label": "Remove from the list" } }, icon("close"));
    const name = japanese(text, "job-text");
    const item = element("li", { className: "job", dataset: { job: number, state: "queued" } }, name, told, hear, leave, bar);
    const job = { item, told, bar, hear, asset, state: "queued" };
    leave.addEventListener("click", () => this.#close(number));
    hear.addEventListener("click", () => this.#goTo(number));
    this.#jobs.set(number, job);
    this.list.append(item);
    this.tray.hidden = false;
    this.#place();
    return job;
  }

  /** @param {string} number */
  #close(number) {
    this.#jobs.get(number)?.item.remove();
    this.#jobs.delete(number);
    this.tray.hidden = this.#jobs.size === 0;
  }

  /** @param {string} number */
  #goTo(number) {
    const job = this.#jobs.get(number);
    const row = app.rows.find((each) => each.asset === job?.asset);
    if (row === undefined) return;
    app.select(row, { play: true, focus: true });
    this.#close(number);
  }

  /** @param {{job: string, asset: string, state: string, message?: string, row?: Row | null, done?: number, out_of?: number}} event */
  #hear(event) {
    const number = String(event.job);
    // What another run has made, nobody here waits for.
    if (number === "") return;
    let job = this.#jobs.get(number);
    if (job === undefined) {
      // Old news for a page that was opened later.
      if (!OPEN_STATES.has(event.state)) return;
      const row = app.rows.find((each) => each.asset === event.asset);
      job = this.#open(number, event.asset, row?.text ?? event.asset);
    }
    job.state = event.state;
    job.asset = event.row?.asset ?? job.asset;
    job.item.dataset.state = event.state;
    job.told.textContent = jobInWords(event);
    this.#progress(job, event);
    if (!OPEN_STATES.has(event.state)) this.#done(number, job, event);
  }

  /**
   * @param {Job} job
   * @param {{state: string, done?: number, out_of?: number}} event
   */
  #progress(job, event) {
    job.bar.hidden = !OPEN_STATES.has(event.state);
    if (event.state === "making" && event.out_of !== undefined && event.out_of > 1) {
      job.bar.max = event.out_of;
      job.bar.value = event.done ?? 0;
    } else job.bar.removeAttribute("value");
  }

  /**
   * @param {string} number
   * @param {Job} job
   * @param {{state: string, message?: string, row?: Row | null}} event
   */
  #done(number, job, event) {
    const isSeen = event.row !== null && event.row !== undefined && app.row?.asset === event.row.asset;
    app.announce(`${job.item.querySelector(".job-text")?.textContent}: ${job.told.textContent}`, { urgent: event.state === "failed" });
    job.hear.hidden = event.state !== "made" || isSeen;
    if (event.state === "made" && isSeen && app.recall("autoplay", true)) {
      const row = /** @type {Row} */ (event.row);
      void app.player.play(row.sound, { from: 0, row });
    }
    if (event.state === "made" && isSeen) window.setTimeout(() => this.#close(number), SEEN_SHOWN_MS);
  }
}

/**
 * How far a job is, and what is to be said of it.
 * @param {{state: string, message?: string}} event
 * @returns {string}
 */
function jobInWords({ state, message }) {
  const told = JOB_IN_WORDS[state] ?? state;
  return message && state !== "same" ? `${told}: ${message}` : told;
}
