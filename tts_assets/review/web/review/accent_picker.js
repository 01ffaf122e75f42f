// Choosing an accent by eye: the morae of a word, of which one is pressed to let the pitch fall after it.

/** A group of radio buttons drawn as the morae of a word; its value is the accent. */
class AccentPicker {
  /** @type {string[]} */
  #morae = [];
  /** What the reviewer chose; null for nothing yet. @type {number | null} */
  #chosen = null;

  /** @param {() => void} changed is called when another accent was chosen */
  constructor(changed) {
    this.choices = element("div", { className: "accent-choices", lang: "ja" });
    this.told = element("p", { className: "form-hint", attributes: { id: "again-accent-told" } });
    const legend = element("legend", { text: "Accent" });
    this.group = element("fieldset", { className: "accent-picker", attributes: { "aria-describedby": "again-accent-told" } }, legend, this.choices, this.told);
    this.choices.addEventListener("change", () => {
      this.#chosen = this.value;
      this.#draw();
      changed();
    });
  }

  /** The chosen accent; null if none is chosen. */
  get value() {
    const chosen = /** @type {HTMLInputElement | null} */ (this.choices.querySelector("input:checked"));
    return chosen === null ? null : Number(chosen.value);
  }

  /** Begins anew, with nothing chosen. */
  forget() {
    this.#chosen = null;
  }

  /**
   * Offers the morae of a word; what the reviewer has chosen stays chosen.
   * @param {string} kana in katakana
   * @param {number | null} accent that it has until one is chosen; null for none that is known
   */
  offer(kana, accent) {
    this.#morae = moraeOf(kana);
    const chosen = this.#chosen ?? accent;
    const labels = ["", ...this.#morae].map((mora, index) => this.#choice(mora, index, chosen === index));
    this.choices.replaceChildren(...labels);
    this.#draw();
  }

  /**
   * @param {string} mora
   * @param {number} accent
   * @param {boolean} chosen
   */
  #choice(mora, accent, chosen) {
    const name = accent === 0 ? "0, no fall" : `${accent}, falls after ${mora}`;
    const input = /** @type {HTMLInputElement} */ (
      element("input", { attributes: { type: "radio", name: "again-accent", value: String(accent), "aria-label": name } })
    );
    input.checked = chosen;
    const shown = accent === 0 ? element("span", { className: "accent-flat", lang: "en", text: "no fall" }) : element("span", { className: "mora", text: mora });
    const number = element("span", { className: "accent-number", text: String(accent), attributes: { "aria-hidden": "true" } });
    return element("label", { className: accent === 0 ? "accent-choice flat" : "accent-choice" }, input, shown, number);
  }

  /** Draws how the word sounds with the chosen accent. */
  #draw() {
    const accent = this.value;
    this.choices.querySelectorAll(".mora").forEach((mark, index) => {
      mark.classList.toggle("high", accent !== null && isHigh(index, accent));
      mark.classList.toggle("falls", accent !== null && index === accent - 1);
    });
    this.told.textContent = this.#inWords(accent);
  }

  /**
   * @param {number | null} accent
   * @returns {string}
   */
  #inWords(accent) {
    if (accent === null) return "Press the mora after which the pitch falls; until then the dictionary decides.";
    if (accent === 0) return "The pitch does not fall, nor does it in a particle that follows.";
    if (accent === this.#morae.length) return `The pitch falls behind the word: heard only with a particle behind it.`;
    return `The pitch falls after ${this.#morae[accent - 1]}.`;
  }
}
