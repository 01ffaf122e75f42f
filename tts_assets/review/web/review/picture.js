// The picture of a clip: its morae or lines, its pitch and its waveform, over one time that can be sought in.

/** Widths that morae are drawn at least, in CSS pixels; longer texts scroll. */
const LEAST_MORA_WIDTH = 17;
const MOST_PICTURE_WIDTH = 6000;
const PICTURE_WAVE_HEIGHT = 64;
/** Seconds between the marks of the ruler; the shortest that leave room for their numbers, in CSS pixels. */
const RULER_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
const LEAST_RULER_STEP = 56;
const LEAST_RULER_END = 28;
/** Seconds that an arrow key moves, alone and with Shift. */
const KEY_STEP = 0.05;
const LONG_KEY_STEP = 0.5;

/** The picture of the current clip: one for the page, drawn again for every clip. */
class Picture {
  /** @type {Row | null} */
  #row = null;
  /** @type {TimedMora[]} */
  #morae = [];
  /** @type {Pitch} */
  #pitch = { semitones: [], step: 0.02 };
  /** @type {HTMLElement[]} */
  #marks = [];
  #media = new PictureMedia();
  /** @type {any} */
  #wave = null;
  #width = 0;

  constructor() {
    this.labels = element("div", { className: "picture-labels", lang: "ja" });
    this.canvas = /** @type {HTMLCanvasElement} */ (
      element("canvas", { className: "picture-pitch", attributes: { role: "img" } })
    );
    this.waveform = element("div", { className: "picture-wave", attributes: { "aria-hidden": "true" } });
    this.ruler = element("div", { className: "picture-ruler", attributes: { role: "slider", tabindex: "0" } });
    this.head = element("div", { className: "picture-head", attributes: { "aria-hidden": "true" } });
    this.time = element("div", { className: "picture-time" });
    this.time.append(this.labels, this.canvas, this.waveform, this.ruler, this.head);
    this.scroll = element("div", { className: "picture-scroll" }, this.time);
    this.legend = element("figcaption", { className: "picture-legend" });
    this.accents = new RecognizedAccents();
    this.figure = element("figure", { className: "picture" }, this.scroll, this.legend, this.accents.part);
    this.#listen();
  }

  #listen() {
    this.ruler.setAttribute("aria-label", "Position in the sound");
    this.ruler.addEventListener("keydown", (event) => this.#key(event));
    for (const part of [this.labels, this.canvas, this.ruler]) {
      part.addEventListener("click", (event) => this.#click(/** @type {MouseEvent} */ (event)));
    }
    new ResizeObserver(() => this.#resized()).observe(this.scroll);
    app.subscribe("time", () => this.#moved());
    app.subscribe("play", () => this.#moved());
    app.subscribe("stop", () => this.#moved());
    app.subscribe("theme", () => this.redraw());
    this.#watchSharpness();
  }

  /** Draws again when the window comes to a screen of another sharpness. */
  #watchSharpness() {
    const screen = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    screen.addEventListener("change", () => (this.redraw(), this.#watchSharpness()), { once: true });
  }

  /**
   * Shows another clip.
   * @param {Row} row
   */
  show(row) {
    this.#row = row;
    this.#morae = timedMorae(row);
    this.#pitch = pitchOf(row.pitch, row.pitch_step);
    this.#media.row = row;
    this.#label(row);
    this.#describe(row);
    this.#layOut();
    this.#loadWave(row);
    this.accents.show(row);
    this.scroll.scrollLeft = 0;
    this.#draw();
    this.#moved();
  }

  /** Draws the same clip again: colours or sizes have changed. */
  redraw() {
    if (this.#row === null) return;
    const look = panelLook(this.figure);
    this.#wave?.setOptions({ waveColor: look.wave, progressColor: look.played });
    this.#draw();
  }

  /** @param {Row} row */
  #loadWave(row) {
    const look = panelLook(this.figure);
    this.#wave ??= WaveSurfer.create({
      container: this.waveform,
      media: /** @type {any} */ (this.#media),
      height: PICTURE_WAVE_HEIGHT,
      waveColor: look.wave,
      progressColor: look.played,
      cursorWidth: 0,
      dragToSeek: { debounceTime: 0 },
      autoScroll: false,
      hideScrollbar: true,
      cspNonce: /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="style-nonce"]'))?.content,
    });
    // A load that a later one overtakes is rejected, which is no failure.
    this.#wave.load("", [smoothPeaks(bytesOf(row.peaks))], drawnSeconds(row)).catch(() => undefined);
  }

  /** @param {Row} row */
  #label(row) {
    this.#marks = row.cues.length > 0 ? cueMarks(row) : this.#morae.map(moraMark);
    this.labels.replaceChildren(...this.#marks);
    this.labels.hidden = this.#marks.length === 0;
    const spans = row.cues.length > 0 ? row.cues : this.#morae.map(({ begin, end }) => [begin, end]);
    this.#marks.forEach((mark, index) => {
      const [begin, end] = /** @type {[number, number]} */ (spans[index]);
      mark.dataset.begin = String(begin);
      mark.dataset.end = String(end);
      mark.style.left = `${(begin / drawnSeconds(row)) * 100}%`;
      mark.style.width = `${((end - begin) / drawnSeconds(row)) * 100}%`;
    });
    this.figure.classList.toggle("of-lines", row.cues.length > 0);
  }

  /** @param {Row} row */
  #describe(row) {
    const hasVoice = pitchRange([this.#pitch]) !== null;
    this.canvas.setAttribute("aria-label", `Pitch. ${pitchInWords(this.#morae, this.#pitch)}`);
    this.ruler.setAttribute("aria-valuemin", "0");
    this.ruler.setAttribute("aria-valuemax", drawnSeconds(row).toFixed(2));
    const entries = [element("span", { className: "legend-measured", text: hasVoice ? "measured pitch" : "no voice measured" })];
    if (this.#morae.some((each) => each.high) && hasVoice) entries.push(element("span", { className: "legend-expected", text: "expected" }));
    this.legend.replaceChildren(...entries);
    const measured = this.#pitch.semitones.length * this.#pitch.step;
    if (hasVoice && measured < drawnSeconds(row) - 1) entries[0].append(` (of the first ${Math.round(measured)} s)`);
    if (this.#morae.some((each) => each.falls)) this.legend.append(element("span", { className: "legend-falls", text: "accent falls" }));
  }

  /** Makes the picture so wide that every mora can be read; a passage is seen whole. */
  #layOut() {
    const row = this.#row;
    if (row === null) return;
    const room = this.scroll.clientWidth;
    const lengths = this.#morae.map((each) => each.end - each.begin).sort((one, other) => one - other);
    const short = lengths[Math.floor(lengths.length / 8)] || drawnSeconds(row);
    const needed = this.#morae.length > 0 ? (LEAST_MORA_WIDTH / short) * drawnSeconds(row) : 0;
    this.#width = Math.round(Math.min(Math.max(room, needed), Math.max(room, MOST_PICTURE_WIDTH)));
    this.time.style.width = `${this.#width}px`;
    this.scroll.classList.toggle("scrolls", this.#width > room);
    this.#rule(row);
  }

  /**
   * Writes times under the waveform.
   * @param {Row} row
   */
  #rule(row) {
    const step = RULER_STEPS.find((each) => (each / drawnSeconds(row)) * this.#width >= LEAST_RULER_STEP) ?? 1200;
    const marks = Array.from({ length: Math.floor(drawnSeconds(row) / step + 0.001) + 1 }, (_, index) => {
      const at = index * step;
      const part = at / drawnSeconds(row);
      // No room is left for a number at the very end.
      const text = (1 - part) * this.#width < LEAST_RULER_END && index > 0 ? "" : timeMark(at, step);
      const mark = element("span", { className: "ruler-mark", text });
      mark.style.left = `${part * 100}%`;
      return mark;
    });
    this.ruler.replaceChildren(...marks);
  }

  #resized() {
    if (this.#row === null || this.scroll.clientWidth === 0) return;
    this.#layOut();
    this.#draw();
    this.#moved();
  }

  #draw() {
    const row = this.#row;
    if (row === null) return;
    const bounds = row.cues.length > 0 ? row.cues.map((cue) => cue[0]) : this.#bounds();
    drawPitch(this.canvas, { seconds: drawnSeconds(row), morae: this.#morae, pitch: this.#pitch, bounds });
  }

  /** Where morae begin, and where those before a silence end. */
  #bounds() {
    return this.#morae.flatMap((mora, index) => {
      const next = this.#morae[index + 1];
      return next !== undefined && next.begin - mora.end < 0.01 ? [mora.begin] : [mora.begin, mora.end];
    });
  }

  /** Follows the player. */
  #moved() {
    const row = this.#row;
    if (row === null) return;
    const at = Math.min(this.#media.currentTime, drawnSeconds(row));
    this.#media.dispatchEvent(new Event("timeupdate"));
    const place = (at / drawnSeconds(row)) * this.#width;
    this.head.style.transform = `translateX(${place}px)`;
    this.head.hidden = !isLoaded(row.sound);
    this.#follow(place);
    let now = "";
    for (const mark of this.#marks) {
      const isNow = at > 0 && at >= Number(mark.dataset.begin) && at < Number(mark.dataset.end);
      mark.classList.toggle("now", isNow);
      if (isNow) now = mark.title || mark.firstChild?.textContent || "";
    }
    this.ruler.setAttribute("aria-valuenow", at.toFixed(2));
    this.ruler.setAttribute("aria-valuetext", `${at.toFixed(2)} of ${drawnSeconds(row).toFixed(2)} seconds${now ? `, ${now}` : ""}`);
  }

  /**
   * Keeps what is heard in sight where the picture is wider than its place.
   * @param {number} place in CSS pixels
   */
  #follow(place) {
    const { scrollLeft, clientWidth } = this.scroll;
    if (this.#width <= clientWidth || this.#media.paused) return;
    if (place < scrollLeft || place > scrollLeft + clientWidth * 0.85) this.scroll.scrollLeft = place - clientWidth * 0.2;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (this.#row === null) return;
    const mark = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-begin]"));
    const box = this.time.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * drawnSeconds(this.#row);
    hearFrom(this.#row, mark === null ? at : Number(mark.dataset.begin));
  }

  /** Plays from where the sound is, or stops it. */
  #toggle() {
    const row = this.#row;
    if (row === null) return;
    const at = this.#media.currentTime;
    if (!this.#media.paused) app.player.stop();
    else hearFrom(row, at >= drawnSeconds(row) - 0.05 ? 0 : at);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = this.#row;
    const wants = event.shiftKey ? LONG_KEY_STEP : KEY_STEP;
    if (row === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (!event.repeat) this.#toggle();
      return;
    }
    const at = this.#media.currentTime;
    /** @type {Record<string, number>} */
    const to = { ArrowLeft: at - wants, ArrowRight: at + wants, Home: 0, End: drawnSeconds(row) };
    if (!(event.key in to)) return;
    event.preventDefault();
    event.stopPropagation();
    const time = Math.min(Math.max(0, to[event.key]), drawnSeconds(row));
    if (isLoaded(row.sound)) app.player.seek(time);
    else void app.player.play(row.sound, { from: time, row });
    this.#moved();
  }
}

/**
 * The bars that show who speaks when in a passage.
 * @param {Row} row
 * @returns {HTMLElement[]}
 */
function cueMarks(row) {
  const speakers = [...new Set(row.cues.map((cue) => cue[2]))];
  return row.cues.map(([, , speaker, text], index) => {
    const mark = element("span", { className: "cue-mark", text: speaker || String(index + 1) });
    mark.title = speaker ? `${speaker}: ${text}` : text;
    mark.dataset.speaker = String(speakers.indexOf(speaker) % 4);
    return mark;
  });
}

/**
 * @param {number} time in seconds
 * @param {number} step between marks, in seconds
 * @returns {string} "0.2 s", "5 s" or "1:05"
 */
function timeMark(time, step) {
  if (step < 1) return time === 0 ? "0" : time.toFixed(1);
  if (time < 60) return String(Math.round(time));
  return `${Math.floor(time / 60)}:${String(Math.round(time % 60)).padStart(2, "0")}`;
}
