// What was decided of each sound: by the page's data, and by this browser since.

/** @typedef {Decision & {saved: boolean}} Vote   saved: it is in a file that was downloaded, or the server has it */

/** @type {Map<Row, Vote>} */
const votes = new Map();
/** @type {Map<string, Vote>} votes that nobody but this browser has, on sounds that the page does not have, by their keys */
const strays = new Map();

/** Reads the votes that this browser has kept. */
function readVotes() {
  if (!storage || storage.length === 0) return;
  for (const row of app.rows) readVote(row);
  const here = new Set(app.rows.map(decisionKey));
  for (const key of Object.keys(storage)) {
    const vote = key.startsWith(decisionStart()) && !here.has(key) ? readObject(key) : null;
    if (vote?.saved === false) strays.set(key, vote);
  }
}

/** Tells of votes on sounds that were made again since, or that this page leaves out. */
function tellStrays() {
  if (strays.size === 0) return;
  const told = `This browser keeps ${counted(strays.size, "decision")} on sounds that this page does not have.`;
  app.announce(`${told} Save decisions takes them along for tts-assets review apply.`, { urgent: true, show: true });
}

/**
 * Reads what this browser has kept for one clip.
 * @param {Row} row
 */
function readVote(row) {
  const vote = readObject(decisionKey(row));
  if (vote && ["approved", "rejected", "undecided"].includes(vote.decided)) votes.set(row, vote);
  else votes.delete(row);
}

/**
 * What counts now. A vote that was saved gives way to a later decision in the page's data.
 * @param {Row} row
 * @returns {Decision|null} null while it is undecided
 */
app.decisionOf = (row) => {
  const vote = votes.get(row);
  const older = vote && vote.saved && row.decision && row.decision.at > vote.at;
  const decision = vote && !older ? vote : row.decision;
  return decision && decision.decided !== "undecided" ? decision : null;
};

/**
 * When a decision on a clip is made: never before an earlier one, as the later counts, and clocks differ.
 * @param {Row} row
 * @returns {string} ISO 8601, in UTC
 */
function momentOf(row) {
  const earlier = [votes.get(row)?.at, row.decision?.at].map((at) => Date.parse(at ?? "") || 0);
  return new Date(Math.max(Date.now(), ...earlier.map((at) => at + 1))).toISOString();
}

/** @param {Row} row @returns {"approved"|"rejected"|"undecided"} */
const stateOf = (row) => app.decisionOf(row)?.decided ?? "undecided";

/**
 * Sets or takes away the vote on a clip, here and in what the browser keeps.
 * @param {Row} row
 * @param {Vote|null} vote
 */
function setVote(row, vote) {
  if (vote) votes.set(row, vote);
  else votes.delete(row);
  // What the server has, it tells each page that it sends.
  const theirs = app.mode === "serve" && vote?.saved;
  keep(decisionKey(row), vote && !theirs ? JSON.stringify(vote) : null);
}

/**
 * Whether nobody needs what is kept under a key any more: it was saved, and its sound is not among these.
 * @param {string} key
 * @param {Set<string>} needed
 */
const isStale = (key, needed) =>
  key.startsWith(`tts-assets/${app.project}/`) && !needed.has(key) && readObject(key)?.saved !== false;

/** Makes room for new votes. @returns {boolean} whether there was anything to take away */
function forgetStale() {
  const needed = new Set(app.rows.flatMap((row) => [decisionKey(row), heardKey(row.sha256)]));
  const stale = Object.keys(storage ?? {}).filter((key) => isStale(key, needed));
  for (const key of stale) storage?.removeItem(key);
  return stale.length > 0;
}

/** @returns {Array<[Row, Vote]>} the votes that nobody but this browser has */
const unsavedVotes = () => [...votes].filter(([, vote]) => !vote.saved);

/**
 * A vote as it is exchanged. The server knows by itself where a sound is heard.
 * @param {[Row, Vote]} chosen
 * @returns {object}
 */
function record([row, { decided, reason, at: moment, by }]) {
  return { asset: row.asset, sha256: row.sha256, decided, reason, at: moment, by };
}

/** @param {[Row, Vote]} chosen @returns {object} a vote as it stands in a file, with where the sound is heard */
function recordWithClips([row, vote]) {
  return { ...record([row, vote]), clips: row.uses.map(({ file, entry, part }) => ({ file, entry, part })) };
}

/**
 * Notes that these votes are in safe hands, unless they have changed meanwhile.
 * @param {Array<[Row, Vote]>} chosen
 */
function markSaved(chosen) {
  for (const [row, vote] of chosen) {
    if (votes.get(row) === vote) setVote(row, { ...vote, saved: true });
  }
  emit("saved", null);
}

/** @param {[string, Vote]} stray @returns {object} as in a file; where its sound is heard, nobody knows here */
function recordOfStray([key, { decided, reason, at: moment, by }]) {
  const sound = key.slice(decisionStart().length);
  const cut = sound.lastIndexOf("/");
  return { asset: sound.slice(0, cut), sha256: sound.slice(cut + 1), decided, reason, at: moment, by };
}

/** Hands all votes of this browser over as a file. */
function saveFile() {
  const chosen = [...votes];
  const decisions = [...chosen.map(recordWithClips), ...[...strays].map(recordOfStray)];
  const text = JSON.stringify({ version: 1, decisions }, null, 1);
  const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
  const link = element("a", { attributes: { href: address, download: "decisions.json" }, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  for (const [key, vote] of strays) keep(key, JSON.stringify({ ...vote, saved: true }));
  strays.clear();
  markSaved(chosen);
  app.announce(`Saved ${counted(decisions.length, "decision")} in decisions.json.`, { show: true });
}
