// The list: only the rows that are seen are in the document, so that ten thousand cost no more than thirty.

const SPARE_ROWS = 6;
/** Rows that are kept in sight above and below the selected one. */
const MARGIN_ROWS = 2;

/** What is in the document, by index in the view. @type {Map<number, RowParts>} */
const drawn = new Map();
/** @type {RowParts[]} */
const spare = [];
const listSize = { row: 48, height: 600, frame: 0 };

/** @param {number} index */
function drawRow(index) {
  const parts = spare.pop() ?? newRow();
  fillRow(parts, app.view[index], index);
  // In the order in which they are seen, for those who have them read one after the other.
  const later = [...drawn.keys()].filter((each) => each > index);
  at("rows").insertBefore(parts.option, drawn.get(Math.min(...later))?.option ?? null);
  drawn.set(index, parts);
}

/** @param {number} index */
function dropRow(index) {
  const parts = drawn.get(index);
  if (!parts) return;
  drawn.delete(index);
  parts.option.remove();
  spare.push(parts);
}

/** Draws the rows that are seen, and the selected one wherever it is: the list names it as its active one. */
function drawList() {
  cancelAnimationFrame(listSize.frame);
  const top = at("list").scrollTop;
  const from = Math.max(0, Math.floor(top / listSize.row) - SPARE_ROWS);
  const to = Math.min(app.view.length, Math.ceil((top + listSize.height) / listSize.row) + SPARE_ROWS);
  const wanted = (/** @type {number} */ index) => (index >= from && index < to) || index === app.index;
  for (const index of [...drawn.keys()]) if (!wanted(index)) dropRow(index);
  for (let index = from; index < to; index += 1) if (!drawn.has(index)) drawRow(index);
  if (app.row && !drawn.has(app.index)) drawRow(app.index);
}

/** Draws all rows anew: the view, or the size of a row, has changed. */
function redrawList() {
  for (const index of [...drawn.keys()]) dropRow(index);
  at("rows").style.setProperty("height", `${app.view.length * listSize.row}px`);
  at("empty").hidden = app.view.length > 0;
  at("list").hidden = app.view.length === 0;
  at("empty-text").textContent = app.rows.length > 0 ? "No clip fits these filters." : "There are no clips to review.";
  at("empty-clear").hidden = app.rows.length === 0;
  drawList();
}

/** Takes the size of a row from the style sheet, which has another for narrow windows. */
function measureList() {
  const list = at("list");
  const row = parseFloat(getComputedStyle(at("rows")).getPropertyValue("--row-height")) || listSize.row;
  const changed = row !== listSize.row;
  listSize.height = list.clientHeight || listSize.height;
  listSize.row = row;
  if (changed) redrawList();
  else drawList();
  if (changed && app.row) bringIntoSight(app.index, true);
}

/**
 * Scrolls as little as is needed to see a row with some around it.
 * @param {number} index
 * @param {boolean} middle  put it in the middle if it cannot be seen
 */
function bringIntoSight(index, middle) {
  const list = at("list");
  const { row, height } = listSize;
  const margin = Math.min(MARGIN_ROWS * row, Math.max(0, (height - row) / 2));
  const top = index * row;
  const hidden = top + row <= list.scrollTop || top >= list.scrollTop + height;
  if (middle && hidden) list.scrollTop = top - (height - row) / 2;
  else if (top - margin < list.scrollTop) list.scrollTop = top - margin;
  else if (top + row + margin > list.scrollTop + height) list.scrollTop = top + row + margin - height;
}

const panelTurn = { frame: 0, timer: 0 };

/** Has the panel show the selected clip once the list is painted; of many in one picture only the last. */
function showPanelSoon() {
  cancelAnimationFrame(panelTurn.frame);
  clearTimeout(panelTurn.timer);
  panelTurn.frame = requestAnimationFrame(() => {
    panelTurn.timer = setTimeout(() => {
      if (typeof showPanel === "function") showPanel(app.row);
    });
  });
}

/**
 * Selects a clip.
 * @param {number|Row} where  its index in the view, or the clip
 * @param {{play?: boolean, focus?: boolean, middle?: boolean}} [how]
 */
app.select = (where, { play: begin = false, focus = false, middle = false } = {}) => {
  const index = typeof where === "number" ? where : app.view.indexOf(where);
  const before = app.index;
  const row = app.view[index] ?? null;
  app.index = row ? index : -1;
  if (row === null || playing.row !== row) stop();
  if (row) bringIntoSight(index, middle);
  drawList();
  for (const each of [before, app.index]) {
    const parts = drawn.get(each);
    if (parts) fillSelected(parts, each);
  }
  attribute(at("list"), "aria-activedescendant", row ? `clip-${app.index}` : null);
  if (focus) at("list").focus({ preventScroll: true });
  emit("select", row);
  showPanelSoon();
  if (begin && row) play(row.sound, { row });
};

/** Shows in the selected row how far its sound is. @param {{url: string, seconds: number, duration: number}} time */
function drawPlayed(time) {
  const { row } = app;
  const parts = drawn.get(app.index);
  if (!parts || !row || playing.row !== row) return;
  if (!parts.played.getAttribute("d")) parts.played.setAttribute("d", wave(row));
  const left = time.duration > 0 ? Math.max(0, 100 - (time.seconds / time.duration) * 100) : 100;
  parts.played.style.setProperty("clip-path", `inset(0 ${left.toFixed(1)}% 0 0)`);
}

/** @param {Row} row */
function redrawState(row) {
  const index = app.view.indexOf(row);
  const parts = drawn.get(index);
  if (parts) fillState(parts, row);
}

/** @param {MouseEvent} event */
function clickedRow({ target }) {
  const option = target instanceof Element ? target.closest("[role=option]") : null;
  if (!(option instanceof HTMLElement && target instanceof Element)) return;
  const index = Number(option.dataset.index);
  const again = index === app.index;
  const onWave = target.closest(".row-wave, .row-mark, .row-length") !== null;
  if (!again) app.select(index, { focus: true });
  if (onWave || (again && touches())) toggle();
}

/** Begins to follow scrolling, resizing and all that changes a row. */
function startList() {
  const list = at("list");
  list.addEventListener(
    "scroll",
    () => {
      cancelAnimationFrame(listSize.frame);
      listSize.frame = requestAnimationFrame(drawList);
    },
    { passive: true },
  );
  list.addEventListener("click", clickedRow);
  new ResizeObserver(measureList).observe(list);
  app.subscribe("view", () => {
    list.scrollTop = 0;
    redrawList();
  });
  app.subscribe("decision", ({ row }) => redrawState(row));
  app.subscribe("saved", () => {
    for (const [index, parts] of drawn) fillState(parts, app.view[index]);
  });
  app.subscribe("time", drawPlayed);
  app.subscribe("play", () => drawn.get(app.index)?.option.classList.toggle("playing", playing.row === app.row));
  app.subscribe("stop", () => drawn.get(app.index)?.option.classList.remove("playing"));
}
