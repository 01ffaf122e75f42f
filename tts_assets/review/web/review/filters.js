// Which clips are shown: choices of kind, level, voice, finding and state, and a text.

const NONE = "none";

/** @typedef {{name: string, title: string, values: (row: Row) => string[]}} Facet */

/** The first is the one that changes. @type {Facet[]} */
const FACETS = [
  { name: "state", title: "State", values: (row) => [stateOf(row)] },
  {
    name: "finding",
    title: "Finding",
    values: (row) => (row.findings.length ? distinct(row.findings.map((finding) => finding.rule)) : [NONE]),
  },
  { name: "version", title: "Made", values: (row) => [row.earlier ? "again" : "once"] },
  { name: "kind", title: "Kind", values: (row) => distinct(row.uses.map((use) => use.kind)) },
  { name: "level", title: "Level", values: (row) => distinct(row.uses.map((use) => use.level || NONE)) },
  { name: "voice", title: "Voice", values: (row) => [row.voice] },
];

/** What is chosen now. */
const filters = {
  /** By facet. @type {Map<string, Set<string>>} */
  chosen: new Map(),
  text: "",
  order: "flagged",
};

/** @param {string} facet @returns {Set<string>} what is chosen in it; nothing: all is shown */
function chosenIn(facet) {
  const chosen = filters.chosen.get(facet) ?? new Set();
  filters.chosen.set(facet, chosen);
  return chosen;
}

/** @param {string[]} values @returns {string[]} */
const distinct = (values) => (values.length < 2 ? values : [...new Set(values)]);

/** @returns {number} how many filters are at work */
const filtersChosen = () => FACETS.reduce((sum, { name }) => sum + chosenIn(name).size, filters.text.trim() ? 1 : 0);

/** @type {WeakMap<Row, string[][]>} */
const facetValues = new WeakMap();

/**
 * What a clip is in each facet. Only its state changes while the page is open.
 * @param {Row} row
 * @returns {string[][]} by facet
 */
function valuesOf(row) {
  let values = facetValues.get(row);
  if (values === undefined) {
    values = FACETS.map((facet) => facet.values(row));
    facetValues.set(row, values);
  }
  values[0] = FACETS[0].values(row);
  return values;
}

/**
 * Which facets keep a clip out of the list, one bit each.
 * @param {string[][]} values  of the clip, by facet
 * @returns {number}
 */
function missed(values) {
  let bits = 0;
  FACETS.forEach((facet, index) => {
    const chosen = chosenIn(facet.name);
    if (chosen.size > 0 && !values[index].some((value) => chosen.has(value))) bits |= 1 << index;
  });
  return bits;
}

/**
 * The clips that the filters leave, and for each choice how many it would show.
 * @returns {{rows: Row[], counts: Map<string, number>[]}}
 */
function filtered() {
  const needles = folded(filters.text).split(/\s+/).filter(Boolean);
  const counts = FACETS.map(() => new Map());
  const rows = [];
  for (const row of app.rows) {
    const values = valuesOf(row);
    const found = needles.length === 0 || needles.every((needle) => searchText(row).includes(needle));
    const bits = found ? missed(values) : -1;
    if (bits === 0) rows.push(row);
    values.forEach((each, index) => countChoice(counts[index], each, found && (bits & ~(1 << index)) === 0));
  }
  return { rows, counts };
}

/**
 * @param {Map<string, number>} counts
 * @param {string[]} values
 * @param {boolean} shown  whether the clip would be shown
 */
function countChoice(counts, values, shown) {
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + Number(shown));
}

/**
 * @param {Row[]} rows  in catalogue order
 * @returns {Row[]} in the order that is chosen
 */
function ordered(rows) {
  if (filters.order === "catalogue") return rows;
  return [...rows.filter(flagged), ...rows.filter((row) => !flagged(row))];
}

/**
 * @param {string} facet
 * @param {string} value
 * @param {boolean} on
 */
function chooseFilter(facet, value, on) {
  const chosen = chosenIn(facet);
  if (on) chosen.add(value);
  else chosen.delete(value);
  applyFilters();
  writeAddress(true);
}

/** Shows all clips again. */
function clearFilters() {
  for (const chosen of filters.chosen.values()) chosen.clear();
  filters.text = "";
  at("search").value = "";
  applyFilters();
  writeAddress(true);
}

/** Works the filters out anew, and keeps the selected clip if it is still shown. */
function applyFilters() {
  const before = app.row;
  const { rows, counts } = filtered();
  app.view = ordered(rows);
  drawFacets(counts);
  app.index = -1;
  emit("view", null);
  selectAfterFilter(before);
}

/** @param {Row|null} before  what was selected */
function selectAfterFilter(before) {
  const same = before ? app.view.indexOf(before) : -1;
  const undecided = same >= 0 ? same : app.view.findIndex((row) => stateOf(row) === "undecided");
  app.select(undecided >= 0 ? undecided : 0);
}

/** Shows how many clips each choice has now, and leaves the list as it is. */
function recountFilters() {
  const { rows, counts } = filtered();
  drawFacets(counts);
  const fitting = new Set(rows);
  const stale = app.view.filter((row) => !fitting.has(row)).length;
  at("refresh").hidden = stale === 0;
  at("refresh").textContent = `Hide ${count(stale)} that no longer ${stale === 1 ? "fits" : "fit"}`;
  drawShown();
}

/** Says how many clips are shown. */
function drawShown() {
  const all = app.rows.length;
  const text = app.view.length === all ? counted(all, "clip") : `${count(app.view.length)} of ${counted(all, "clip")}`;
  at("shown").textContent = text;
  at("filter-sheet-title").textContent = `Filters: ${text}`;
}

let recountTimer = 0;

/** Listens to the search, the order and the buttons. */
function startFilters() {
  const search = at("search");
  search.addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(applySearch, app.rows.length > 2000 ? 90 : 0);
  });
  search.addEventListener("keydown", searchKey);
  at("order").addEventListener("change", () => {
    filters.order = at("order").value;
    applyFilters();
    writeAddress(true);
  });
  const vanishing = { "clear-filters": clearFilters, "empty-clear": clearFilters, refresh: applyFilters };
  for (const [id, press] of Object.entries(vanishing)) {
    at(id).addEventListener("click", () => {
      press();
      at("list").focus({ preventScroll: true });
    });
  }
  const recount = () => {
    clearTimeout(recountTimer);
    recountTimer = setTimeout(recountFilters, 60);
  };
  app.subscribe("decision", recount);
  app.subscribe("row", recount);
  app.subscribe("view", () => {
    at("refresh").hidden = true;
    drawShown();
  });
}

let searchTimer = 0;

/** Takes over what is typed in the search. A search is one entry of the history, not one for each letter. */
function applySearch() {
  const begins = filters.text === "";
  filters.text = at("search").value;
  applyFilters();
  writeAddress(begins);
}

/** @param {KeyboardEvent} event */
function searchKey(event) {
  if (composes(event)) return;
  if (event.key === "Escape" && at("search").value !== "") {
    at("search").value = "";
    applySearch();
    event.preventDefault();
  } else if (event.key === "Enter" || event.key === "Escape" || event.key === "ArrowDown") {
    clearTimeout(searchTimer);
    if (at("search").value !== filters.text) applySearch();
    at("list").focus({ preventScroll: true });
    event.preventDefault();
  }
}
