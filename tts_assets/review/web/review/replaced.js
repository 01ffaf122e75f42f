// A sound that was made again takes the place of the one before.

/**
 * Puts a sound that was made again in the place of the one before.
 * @param {Row} row
 * @param {string} [replaced]  the asset that it replaces
 */
app.replaceRow = (row, replaced = row.asset) => {
  const before = app.rows.find((each) => each.asset === replaced) ?? null;
  const twin = app.rows.find((each) => each.asset === row.asset && each !== before) ?? null;
  // News of long ago, told to a page that has a later sound.
  if (!before && !twin) return;
  const same = [before, twin].find((each) => each?.asset === row.asset && each.sha256 === row.sha256) ?? null;
  const left = before && before.asset !== row.asset ? usesLeft(before, row) : [];
  const rest = before && left.length > 0 ? { ...before, uses: left } : null;
  /** @param {Row[]} rows */
  const put = (rows) => replacedIn(rows, before, twin, rest ? [row, rest] : [row]);
  const selected = app.row;
  app.rows = put(app.rows);
  app.view = put(app.view);
  if (rest && before) handOver(before, rest);
  if (same) keepDecision(same, row);
  else readVote(row);
  silent.delete(row.sha256);
  const now = selected === before || selected === twin ? row : selected;
  app.index = now ? app.view.indexOf(now) : -1;
  redrawList();
  attribute(at("list"), "aria-activedescendant", app.row ? `clip-${app.index}` : null);
  severalVoices = null;
  emit("row", { row, before });
  if (now === row) {
    if (same) playing.row = playing.row === same ? row : playing.row;
    else stop();
    emit("select", row);
    showPanelSoon();
  }
};

/**
 * Of the same sound told again, the later decision counts.
 * @param {Row} same  as the page has it
 * @param {Row} row  as it is told
 */
function keepDecision(same, row) {
  if (same.decision && same.decision.at > (row.decision?.at ?? "")) row.decision = same.decision;
  handOver(same, row);
  votes.delete(same);
}

/**
 * What was decided of one is decided of the other, which has the same sound, and can be undone there.
 * @param {Row} from
 * @param {Row} to
 */
function handOver(from, to) {
  const vote = votes.get(from);
  if (vote) votes.set(to, vote);
  for (const step of steps) if (step.row === from) step.row = to;
}

/**
 * Where a sound is still used when one of its clips has another now.
 * @param {Row} before
 * @param {Row} row
 * @returns {Use[]}
 */
function usesLeft(before, row) {
  const name = (/** @type {Use} */ use) => JSON.stringify([use.file, use.entry, use.part]);
  const taken = new Set(row.uses.map(name));
  return before.uses.filter((use) => !taken.has(name(use)));
}

/**
 * @param {Row[]} rows
 * @param {Row|null} before
 * @param {Row|null} twin  another clip that has the same sound now, and is one with it
 * @param {Row[]} after
 * @returns {Row[]}
 */
function replacedIn(rows, before, twin, after) {
  const gone = before !== null && rows.includes(before) ? before : twin;
  return rows.flatMap((each) => (each === gone ? after : each === twin ? [] : [each]));
}
