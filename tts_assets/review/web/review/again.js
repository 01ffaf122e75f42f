// "Regenerate": the form in which a reviewer types what is to be said instead.

/** The dialog in which a clip is made again. */
class AgainForm {
  /** @type {Row | null} */
  #row = null;
  /** @type {Record<string, HTMLElement>} */
  #errors = {};

  /** @param {(row: Row, job: string) => void} ordered is told of every job that the server takes */
  constructor(ordered) {
    this.ordered = ordered;
    this.text = /** @type {HTMLTextAreaElement} */ (this.#input("textarea", "text", { rows: "2", lang: "ja", maxlength: "10000" }));
    this.reading = /** @type {HTMLInputElement} */ (this.#input("input", "reading", { type: "text", lang: "ja", maxlength: "10000" }));
    this.voice = /** @type {HTMLSelectElement} */ (this.#input("select", "voice", {}));
    this.speed = /** @type {HTMLInputElement} */ (this.#input("input", "speed", { type: "number", step: "0.05", inputmode: "decimal" }));
    this.use = /** @type {HTMLSelectElement} */ (this.#input("select", "use", {}));
    this.accent = new AccentPicker(() => this.#clear("accent"));
    this.noAccent = element("p", { className: "form-hint" });
    this.readingHint = element("p", { className: "form-hint", text: "It holds for the new text, too. Clear it to leave the reading to the dictionary." });
    this.whole = element("p", { className: "form-error", attributes: { role: "alert", id: "again-error" } });
    this.submit = /** @type {HTMLButtonElement} */ (element("button", { className: "button button-primary", text: "Regenerate", attributes: { type: "submit" } }));
    this.#build();
    this.#listen();
  }

  /**
   * @param {string} tag
   * @param {string} name
   * @param {Record<string, string>} attributes
   * @returns {any}
   */
  #input(tag, name, attributes) {
    const told = { id: `again-${name}`, name, autocomplete: "off", spellcheck: "false", "aria-describedby": `again-${name}-error` };
    return element(tag, { className: "field", attributes: { ...told, ...attributes } });
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {HTMLElement} input
   * @param {string} [hint]
   */
  #field(name, label, input, hint = "") {
    const words = element("label", { text: label, attributes: { for: `again-${name}` } });
    const told = hint === "" ? [] : [element("span", { className: "form-hint", text: hint })];
    return element("div", { className: `form-field form-${name}` }, words, input, ...told, this.#error(name));
  }

  /** @param {string} name */
  #error(name) {
    this.#errors[name] = element("p", { className: "form-error", attributes: { id: `again-${name}-error` } });
    return this.#errors[name];
  }

  #build() {
    const close = element("button", { className: "button button-bare", attributes: { type: "button", "aria-label": "Close" } }, icon("close"));
    const cancel = element("button", { className: "button", text: "Cancel", attributes: { type: "button" } });
    for (const button of [close, cancel]) button.addEventListener("click", () => this.dialog.close());
    const heading = element("div", { className: "sheet-head" }, element("h2", { text: "Regenerate", attributes: { id: "again-title" } }), close);
    this.useField = this.#field("use", "For", this.use, "Other entries that use this sound keep it.");
    this.accentField = element("div", { className: "form-field form-accent" }, this.accent.group, this.noAccent, this.#error("accent"));
    const voiceAndSpeed = element("div", { className: "form-row" }, this.#field("voice", "Voice", this.voice), this.#field("speed", "Speed", this.speed));
    const hint = element("p", { className: "form-hint", text: "What you change is kept in the overrides file, and every later run says it so." });
    const body = element("div", { className: "sheet-body" }, this.useField, this.#field("text", "Text", this.text));
    this.readingField = this.#field("reading", "Reading, in kana", this.reading);
    this.readingField.append(this.readingHint);
    body.append(this.readingField, this.accentField, voiceAndSpeed, hint, this.whole);
    this.form = /** @type {HTMLFormElement} */ (element("form", { attributes: { novalidate: "" } }, heading, body));
    this.form.append(element("div", { className: "form-end" }, cancel, this.submit));
    this.dialog = /** @type {HTMLDialogElement} */ (element("dialog", { className: "box again", attributes: { id: "again", "aria-labelledby": "again-title" } }, this.form));
  }

  #listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.form.addEventListener("input", (event) => this.#typed(/** @type {HTMLElement} */ (event.target)));
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  /**
   * Opens the form with what is said now.
   * @param {Row} row
   */
  open(row) {
    this.#row = row;
    const now = spokenNow(row);
    this.#showProblems({});
    this.text.value = now.text;
    this.text.rows = Math.min(8, Math.max(2, now.text.split("\n").length, Math.ceil(now.text.length / 28)));
    // The lines of a passage have no reading of their own.
    this.readingField.hidden = row.cues.length > 0 && now.reading === "";
    this.reading.value = now.reading;
    this.speed.value = String(now.speed);
    this.#offerVoices(now.voice);
    this.use.replaceChildren(...row.uses.map((use, index) => option(String(index), `${use.file}, entry ${use.entry}, ${use.part}`)));
    this.useField.hidden = row.uses.length < 2;
    this.accent.forget();
    this.#offerAccent();
    this.dialog.showModal();
    const first = isRunningText(row) ? this.text : this.reading;
    first.focus();
    first.select();
  }

  /** @param {string} current */
  #offerVoices(current) {
    const names = app.voices.map((each) => each.name);
    if (!names.includes(current)) names.unshift(current);
    this.voice.replaceChildren(...names.map((each) => option(each, each)));
    this.voice.value = current;
    this.#limitSpeed();
  }

  #limitSpeed() {
    const [slowest, fastest] = this.#speeds();
    this.speed.min = String(slowest);
    this.speed.max = String(fastest);
  }

  /** The slowest and the fastest that the chosen voice can speak. */
  #speeds() {
    return app.voices.find((each) => each.name === this.voice.value)?.speeds ?? ANY_SPEED;
  }

  /** Offers the accents of the word that is typed now; that of another word is not taken for its own. */
  #offerAccent() {
    const row = /** @type {Row} */ (this.#row);
    const now = spokenNow(row);
    const typed = { text: this.text.value.trim(), reading: this.reading.value.trim() };
    const word = accentedWord(row, now, typed);
    this.accent.group.hidden = word === "";
    this.noAccent.hidden = word !== "";
    this.noAccent.textContent = isRunningText(row) ? "An accent can be set for single words only." : "Write the reading in kana to choose an accent.";
    this.readingHint.hidden = typed.text === now.text || typed.reading === "" || isReadOtherwise(now, typed);
    this.accent.offer(word, isSaidOtherwise(now, typed) ? row.accent : now.accent);
  }

  /** @param {HTMLElement} field */
  #typed(field) {
    this.#clear(field.getAttribute("name") ?? "");
    if (field === this.voice) this.#limitSpeed();
    if (field === this.text || field === this.reading) this.#offerAccent();
  }

  /** @param {string} name */
  #clear(name) {
    this.whole.textContent = "";
    if (this.#errors[name] !== undefined) this.#errors[name].textContent = "";
    this.form.querySelector(`#again-${name}`)?.removeAttribute("aria-invalid");
  }

  /** @returns {Spoken} */
  #all() {
    const accent = this.accent.group.hidden ? null : this.accent.value;
    const speed = this.speed.value === "" ? NaN : Number(this.speed.value);
    return { text: this.text.value.trim(), reading: this.reading.value.trim(), accent, voice: this.voice.value, speed };
  }

  /**
   * Shows what is wrong beside its field, and goes to the first.
   * @param {Record<string, string>} problems
   */
  #showProblems(problems) {
    for (const [name, shown] of Object.entries(this.#errors)) {
      shown.textContent = problems[name] ?? "";
      const input = this.form.querySelector(`#again-${name}`);
      if (problems[name]) input?.setAttribute("aria-invalid", "true");
      else input?.removeAttribute("aria-invalid");
    }
    this.whole.textContent = problems[""] ?? "";
    const first = Object.keys(this.#errors).find((name) => problems[name]);
    if (first === undefined) return;
    const target = first === "accent" ? this.accent.choices.querySelector("input:checked, input") : this.form.querySelector(`#again-${first}`);
    /** @type {HTMLElement | null} */ (target)?.focus();
  }

  async #send() {
    const row = /** @type {Row} */ (this.#row);
    const typed = this.#all();
    const problems = problemsOf(row, typed, this.#speeds());
    this.#showProblems(problems);
    if (Object.keys(problems).length > 0 || this.submit.disabled) return;
    const say = changesTyped(spokenNow(row), typed);
    const answer = await this.#post({ asset: row.asset, sha256: row.sha256, use: Number(this.use.value) || 0, say, by: app.by() });
    // Meanwhile it may have been closed, or opened for another clip.
    const isStillOpen = this.dialog.open && this.#row === row;
    if (!answer.ok && isStillOpen) return this.#refused(answer, Object.keys(say));
    if (!answer.ok) return app.announce(wordsOfRefusal(answer), { urgent: true, show: true });
    if (isStillOpen) this.dialog.close();
    this.ordered(row, String(answer.data.job));
  }

  /** @param {object} order */
  async #post(order) {
    this.submit.disabled = true;
    this.submit.textContent = "Sending…";
    const answer = await app.post("again", order);
    this.submit.disabled = false;
    this.submit.textContent = "Regenerate";
    return answer;
  }

  /**
   * Tells why the server refused: beside the field if only one was changed.
   * @param {{status: number, data: any}} answer
   * @param {string[]} changed
   */
  #refused(answer, changed) {
    const field = changed.length === 1 ? changed[0] : "";
    this.#showProblems({ [field]: wordsOfRefusal(answer) });
  }
}

/**
 * @param {{status: number, data: any}} answer
 * @returns {string}
 */
function wordsOfRefusal({ status, data }) {
  return data?.error || `The server could not do this (status ${status}).`;
}

/**
 * @param {string} value
 * @param {string} text
 * @returns {HTMLElement}
 */
function option(value, text) {
  return element("option", { text, attributes: { value } });
}
