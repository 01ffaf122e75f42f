// The choices of the filters as they are seen, each with how many clips it would show.

/** More choices than anybody would read; the rest is found by text. */
const MOST_CHOICES = 60;

/** @type {Record<string, string[]>} */
const FIXED_ORDER = {
  state: ["undecided", "approved", "rejected"],
  version: ["again", "once"],
};

/**
 * The choices of a facet in the order they are shown.
 * @param {Facet} facet
 * @param {Map<string, number>} counts
 * @returns {string[]}
 */
function choices(facet, counts) {
  const fixed = FIXED_ORDER[facet.name];
  if (fixed) return fixed;
  const values = [...counts.keys()].sort(
    (one, other) => Number(one === NONE) - Number(other === NONE) || one.localeCompare(other, "en", { numeric: true }),
  );
  if (facet.name === "level" && values.every((value) => value === NONE || /^N\d$/.test(value)))
    values.sort((one, other) => Number(one === NONE) - Number(other === NONE) || other.localeCompare(one));
  const chosen = chosenIn(facet.name);
  return values.filter((value, index) => index < MOST_CHOICES || chosen.has(value));
}

/** By facet and value. @type {Map<string, {input: any, count: HTMLElement, label: HTMLElement}>} */
const choiceElements = new Map();

/**
 * Draws the choices and how many clips each would show.
 * @param {Map<string, number>[]} counts
 */
function drawFacets(counts) {
  FACETS.forEach((facet, index) => {
    const values = choices(facet, counts[index]);
    const place = facetElement(facet);
    place.hidden =
      values.length < 2 ||
      (facet.name === "version" && !counts[index].has("again")) ||
      (facet.name === "finding" && counts[index].size < 2);
    values.forEach((value) => drawChoice(facet, value, counts[index].get(value) ?? 0, place));
  });
  const chosen = filtersChosen();
  at("clear-filters").hidden = chosen === 0;
  at("filter-count").hidden = chosen === 0;
  at("filter-count").textContent = String(chosen);
}

/** @param {Facet} facet @returns {HTMLElement} */
function facetElement(facet) {
  const id = `facet-${facet.name}`;
  const present = at(id);
  if (present) return present;
  const made = element(
    "fieldset",
    { className: "facet", attributes: { id } },
    element("legend", { text: facet.title }),
  );
  at("facets").append(made);
  return made;
}

/**
 * @param {Facet} facet
 * @param {string} value
 * @param {number} shown
 * @param {HTMLElement} place
 */
function drawChoice(facet, value, shown, place) {
  const key = `${facet.name}\n${value}`;
  const parts = choiceElements.get(key) ?? choiceElement(facet, value);
  if (!choiceElements.has(key)) place.append(parts.label);
  choiceElements.set(key, parts);
  parts.input.checked = chosenIn(facet.name).has(value);
  const text = count(shown);
  if (parts.count.textContent !== text) parts.count.textContent = text;
  parts.label.classList.toggle("empty", shown === 0);
}

/** @param {Facet} facet @param {string} value @returns {{input: any, count: HTMLElement, label: HTMLElement}} */
function choiceElement(facet, value) {
  /** @type {any} */
  const input = element("input", { attributes: { type: "checkbox", name: facet.name, value } });
  const shown = element("span", { className: "count" });
  const name = element("bdi", { className: "name", text: choiceWords(facet, value) });
  const label = element("label", { className: "choice", dataset: { facet: facet.name, value } }, input, name, shown);
  input.addEventListener("change", () => chooseFilter(facet.name, value, input.checked));
  return { input, count: shown, label };
}

/** @param {Facet} facet @param {string} value @returns {string} */
function choiceWords(facet, value) {
  if (value === NONE) return facet.name === "finding" ? "no finding" : "none";
  if (facet.name === "version") return value === "again" ? "again" : "once";
  const short = facet.name === "voice" ? voiceName(value) : value;
  return beginning(facet.name === "finding" || facet.name === "kind" ? words(short) : short, 60);
}
