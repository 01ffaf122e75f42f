// The state of the page in the address's hash, so that it can be shared, reloaded and gone back to.

const ADDRESS_WAIT_MS = 200;
let addressTimer = 0;
/** The hash as it was written or read last. */
let addressKnown = "";

/** @returns {string} the present state as a hash */
function addressNow() {
  const asked = new URLSearchParams();
  for (const { name } of FACETS) {
    for (const value of chosenIn(name)) asked.append(name, value);
  }
  if (filters.text) asked.set("q", filters.text);
  if (filters.order !== "flagged") asked.set("sort", filters.order);
  if (app.row) asked.set("clip", app.row.asset);
  return `#${asked.toString().replaceAll("%2F", "/")}`;
}

/**
 * Writes the state into the address.
 * @param {boolean} push  as a new entry of the history, to go back from
 */
function writeAddress(push) {
  clearTimeout(addressTimer);
  const address = addressNow();
  if (address === location.hash) return;
  addressKnown = address;
  try {
    if (push) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  } catch {
    // Browsers bound how often this may be done; the next change writes it.
  }
}

/** Writes a change of the selection, which may be one of many in a second. */
function writeAddressSoon() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => writeAddress(false), ADDRESS_WAIT_MS);
}

/** Takes the state over from the address. */
function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const { name } of FACETS) filters.chosen.set(name, new Set(asked.getAll(name)));
  filters.text = asked.get("q") ?? "";
  filters.order = asked.get("sort") === "catalogue" ? "catalogue" : "flagged";
  at("search").value = filters.text;
  at("order").value = filters.order;
  addressKnown = location.hash;
  applyFilters();
  const wanted = asked.get("clip");
  const index = wanted === null ? -1 : app.view.findIndex((row) => row.asset === wanted);
  if (index >= 0) app.select(index, { middle: true });
}

/** Follows the address when somebody goes back, forward, or edits it. */
function startAddress() {
  const changed = () => {
    if (location.hash !== addressKnown) readAddress();
  };
  addEventListener("popstate", changed);
  addEventListener("hashchange", changed);
  addEventListener("pagehide", () => writeAddress(false));
  addEventListener("beforeunload", () => writeAddress(false));
  app.subscribe("select", writeAddressSoon);
}
