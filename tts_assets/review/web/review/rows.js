// One row of the list: its elements, and what they show of a clip.

const MOST_SHOWN = 240;

/** @type {Record<string, string>} */
const ICON_OF_STATE = { approved: "check", rejected: "cross" };

/** @typedef {{option: HTMLElement, mark: HTMLElement, state: HTMLElement, text: HTMLElement, reading: HTMLElement, kind: HTMLElement, place: HTMLElement,
 *   wave: SVGElement, played: SVGElement, length: HTMLElement, badges: HTMLElement, verdict: HTMLElement}} RowParts */

/** @returns {RowParts} */
function newRow() {
  const text = element("bdi", { className: "row-text", lang: "ja" });
  const reading = element("bdi", { className: "row-reading", lang: "ja" });
  const parts = {
    mark: element("span", { className: "row-mark" }),
    state: element("span", { className: "visually-hidden" }),
    text,
    reading,
    kind: element("bdi", { className: "row-kind" }),
    place: element("bdi", { className: "row-rest" }),
    wave: svg("path", { class: "wave-all" }),
    played: svg("path", { class: "wave-played" }),
    length: element("span", { className: "row-length" }),
    badges: element("span", { className: "row-badges" }),
    verdict: element("bdi", { className: "row-verdict" }),
  };
  const drawing = svg(
    "svg",
    {
      class: "row-wave",
      viewBox: `0 0 ${WAVE_WIDTH} ${WAVE_HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    parts.wave,
    parts.played,
  );
  const said = element("span", { className: "row-said" }, text, " ", reading);
  const where = element("span", { className: "row-place" }, parts.kind, " ", parts.place);
  const option = element("div", { className: "row", attributes: { role: "option" } });
  // Spaces keep the words apart for screen readers.
  option.append(
    parts.mark,
    parts.state,
    " ",
    said,
    " ",
    where,
    " ",
    drawing,
    parts.length,
    " ",
    parts.badges,
    " ",
    parts.verdict,
  );
  return { option, ...parts };
}

/**
 * Shows a clip in a row.
 * @param {RowParts} parts
 * @param {Row} row
 * @param {number} index
 */
function fillRow(parts, row, index) {
  const { option } = parts;
  option.id = `clip-${index}`;
  Object.assign(option.dataset, { index, asset: row.asset, sha256: row.sha256 });
  attribute(option, "aria-posinset", index + 1);
  attribute(option, "aria-setsize", app.view.length);
  option.style.setProperty("transform", `translateY(${index * listSize.row}px)`);
  parts.text.textContent = beginning(row.text, MOST_SHOWN);
  parts.reading.textContent = row.reading && row.reading !== row.text ? beginning(row.reading, MOST_SHOWN) : "";
  parts.kind.textContent = words(row.uses[0].kind);
  parts.place.textContent = placeInKind(row);
  parts.wave.setAttribute("d", wave(row));
  parts.played.setAttribute("d", "");
  parts.length.textContent = seconds(row.seconds);
  fillBadges(parts.badges, row);
  fillState(parts, row);
  fillSelected(parts, index);
}

/** @param {HTMLElement} badges @param {Row} row */
function fillBadges(badges, row) {
  const [first, ...others] = row.findings;
  const shown = [];
  if (first) {
    const all = row.findings.map((finding) => words(finding.rule)).join(", ");
    const text = beginning(words(first.rule), 40) + (others.length ? ` +${others.length}` : "");
    shown.push(
      element(
        "span",
        { className: "badge badge-finding", attributes: { title: all } },
        icon("flag"),
        element("bdi", { text }),
      ),
    );
  }
  if (row.earlier) shown.push(element("span", { className: "badge badge-again", text: "again" }));
  if (row.override) shown.push(element("span", { className: "badge badge-override", text: "override" }));
  badges.replaceChildren(...shown);
}

/** @param {RowParts} parts @param {Row} row */
function fillState(parts, row) {
  const decision = app.decisionOf(row);
  const state = decision?.decided ?? "undecided";
  const vote = votes.get(row);
  parts.option.dataset.decided = state;
  parts.option.dataset.unsaved = vote && !vote.saved ? "true" : "false";
  parts.mark.replaceChildren(...(ICON_OF_STATE[state] ? [icon(ICON_OF_STATE[state])] : []));
  parts.state.textContent = state;
  parts.verdict.textContent = decision ? beginning(decision.reason, 80) : "";
}

/** @param {RowParts} parts @param {number} index */
function fillSelected(parts, index) {
  const selected = index === app.index;
  parts.option.setAttribute("aria-selected", String(selected));
  if (!selected) {
    parts.option.classList.remove("playing");
    parts.played.setAttribute("d", "");
  }
}
