// What is known of a clip, in words: what it says and how that was settled, its sound, its uses, its findings.

/** How a reading was come by. */
const BASIS_IN_WORDS = {
  spelling: "the dictionary reads the spelling so",
  "n-best": "one of the dictionary's further readings",
  forced: "set against the dictionary",
  unchecked: "the dictionary's alone: the data give none",
};

/** How a decision is told. */
const DECIDED_IN_WORDS = { approved: "Approved", rejected: "Rejected", undecided: "Undecided" };

/**
 * A time in seconds for comparing sounds.
 * @param {number} value
 * @returns {string}
 */
function exactSeconds(value) {
  return `${value.toFixed(2)} s`;
}

/**
 * @param {number | null} value
 * @param {string} unit
 * @returns {string}
 */
function levelInWords(value, unit) {
  return value === null || value === undefined ? "" : `${value.toFixed(1).replace("-", "−")} ${unit}`;
}

/**
 * @param {number} speed
 * @returns {string}
 */
function speedInWords(speed) {
  return `${Number(speed.toFixed(2))}×`;
}

/**
 * A decision in words: who decided what, when and why.
 * @param {Decision} decision
 * @returns {HTMLElement}
 */
function decisionInWords(decision) {
  const told = element("span", {}, DECIDED_IN_WORDS[decision.decided] ?? decision.decided);
  if (decision.by) told.append(" by ", element("bdi", { text: decision.by }));
  const at = new Date(decision.at);
  if (!Number.isNaN(at.getTime())) {
    const when = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    told.append(", ", element("time", { text: when, attributes: { datetime: decision.at } }));
  }
  if (decision.reason) told.append(": ", element("bdi", { className: "decision-reason", text: decision.reason }));
  return told;
}

/**
 * The findings of a clip; null if it has none.
 * @param {Row} row
 * @returns {HTMLElement | null}
 */
function findingsPart(row) {
  if (row.findings.length === 0) return null;
  const items = row.findings.map(({ rule, measured, limit, told }) =>
    element(
      "li",
      { className: "finding" },
      element("span", { className: "finding-rule badge", text: rule }),
      element("span", { className: "finding-told long-text" }, element("bdi", { text: told })),
      element("span", { className: "finding-limit" }, element("bdi", { text: measured }), ...(measured && limit ? ["; limit ", element("bdi", { text: limit })] : [])),
    ),
  );
  const heading = element("h3", { text: items.length === 1 ? "Finding" : "Findings" });
  return element("section", { className: "panel-part" }, heading, element("ul", { className: "findings" }, ...items));
}

/**
 * A line of facts; none where nothing is known.
 * @param {string} name
 * @param {Array<Node | string>} told
 * @returns {HTMLElement[]}
 */
function factLines(name, ...told) {
  const known = told.filter((each) => each !== "" && each !== null);
  if (known.length === 0) return [];
  return [element("dt", { text: name }), element("dd", { className: "long-text" }, ...known)];
}

/**
 * How the clip is said and what is known of its sound.
 * @param {Row} row
 * @returns {HTMLElement}
 */
function factsPart(row) {
  const basis = BASIS_IN_WORDS[row.basis] ?? row.basis;
  const facts = element(
    "dl",
    { className: "facts" },
    ...factLines("Reading", row.reading ? japanese(row.reading) : ""),
    ...factLines("Said", row.phrases.length > 0 ? saidPart(row) : ""),
    ...factLines("Settled by", basis),
    ...factLines("Voice", element("bdi", { text: row.voice }), row.speed === 1 ? "" : ` at ${speedInWords(row.speed)}`),
    ...factLines("Length", exactSeconds(row.seconds)),
    ...factLines("Level", [levelInWords(row.lufs, "LUFS"), levelInWords(row.peak_dbtp, "dBTP")].filter(Boolean).join(", peak ")),
    ...factLines("Override", row.override === null ? "" : overrideInWords(row.override)),
    ...factLines("File", element("bdi", { className: "path", text: row.asset })),
  );
  return element("section", { className: "panel-part" }, element("h3", { text: "Facts" }), facts);
}

/**
 * How a clip is said; of a voice that makes its own accents, only the sounds.
 * @param {Row} row
 * @returns {HTMLElement}
 */
function saidPart(row) {
  if (saysAccents(row)) return spokenNotation(row.phrases);
  return element("span", {}, japanese(row.phrases.map(([kana]) => kana).join(" ")), element("span", { className: "quiet", text: " (accents are the voice's own)" }));
}

/**
 * What a reviewer typed instead of what the entry says.
 * @param {{text?: string|null, reading?: string|null, accent?: number|null, voice?: string|null, speed?: number|null}} override
 * @returns {HTMLElement}
 */
function overrideInWords(override) {
  const { text, reading, accent, voice, speed } = override;
  const told = [
    text ? element("span", {}, "text ", japanese(text)) : null,
    reading ? element("span", {}, "reading ", japanese(reading)) : null,
    typeof accent === "number" ? element("span", { text: accent === 0 ? "no fall (0)" : `fall after mora ${accent}` }) : null,
    voice ? element("span", {}, "voice ", element("bdi", { text: voice })) : null,
    typeof speed === "number" ? element("span", { text: `speed ${speedInWords(speed)}` }) : null,
  ];
  const typed = told.filter((each) => each !== null);
  return element("span", {}, ...typed.flatMap((each, index) => (index === 0 ? [each] : [" · ", each])));
}

/**
 * The entries that use the clip.
 * @param {Row} row
 * @returns {HTMLElement}
 */
function usesPart(row) {
  const items = row.uses.map((use) =>
    element(
      "li",
      {},
      element("span", { className: "use-where path" }, element("bdi", { text: use.file }), use.line === null ? "" : `:${use.line}`),
      " ",
      element("span", { className: "use-what" }, "entry ", element("bdi", { text: use.entry }), ", ", element("bdi", { text: use.part })),
      use.level ? element("span", { className: "badge", text: use.level }) : "",
    ),
  );
  const heading = element("h3", { text: items.length === 1 ? "Used in" : `Used in ${items.length} places` });
  return element("section", { className: "panel-part" }, heading, element("ul", { className: "uses" }, ...items));
}

/**
 * What was decided of the clip; null if nothing was.
 * @param {Row} row
 * @returns {HTMLElement | null}
 */
function decisionPart(row) {
  const now = app.decisionOf(row);
  if (now === null) return null;
  return element("section", { className: "panel-part" }, element("h3", { text: "Decision" }), element("p", { className: "decision-told" }, decisionInWords(now)));
}
