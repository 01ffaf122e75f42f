// The page of a run: all that is told comes from its data, and gets into the page as text alone.

const told = JSON.parse(document.getElementById("report-data").textContent);

/** A new element with a class and text or children. */
function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Text out of a catalogue: its direction is its own. */
const foreign = (tag, className, text) => make(tag, className, make("bdi", "", text));

const percent = (part, whole) => `${((100 * part) / whole).toLocaleString("en", { maximumFractionDigits: 1 })} %`;

function tile({ value, label, mood }) {
  // The figure is first to the eye, its name to a screen reader.
  return make("div", `tile tile-${mood}`, make("dt", "", label), make("dd", "", value));
}

function table(heads, rows, { firstIsHead = true } = {}) {
  const made = make("table", heads.length > 3 ? "wide" : "");
  if (heads.some(Boolean)) {
    const cells = heads.map((head) => {
      const cell = make("th", "", head);
      cell.scope = "col";
      return cell;
    });
    made.append(make("thead", "", make("tr", "", ...cells)));
  }
  const body = rows.map((row) => {
    const cells = row.map((text, at) => {
      const isHead = firstIsHead && at === 0;
      const cell = isHead ? make("th", "", text) : foreign("td", "", text);
      if (isHead) cell.scope = "row";
      else if (text.length < 12) cell.className = "figure";
      return cell;
    });
    return make("tr", "", ...cells);
  });
  made.append(make("tbody", "", ...body));
  return made;
}

/** What may be wider or higher than its place, within reach of the keyboard. */
function scrolling(name, content) {
  const made = make("div", "scroll", content);
  made.tabIndex = 0;
  made.setAttribute("role", "region");
  made.setAttribute("aria-label", name);
  return made;
}

function figure(plot, optionsOf, names, heads, rows) {
  const place = make("div", "plot");
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", `${plot.title}: ${plot.told}`);
  const readout = make("span", "readout");
  const under = make("div", "under", ...names, readout);
  const values = make("details", "values", make("summary", "", "As a table"));
  values.append(scrolling(`${plot.title} as a table`, table(heads, rows)));
  const title = make("h3", "", plot.title, " ", make("span", "unit", plot.unit));
  const caption = make("figcaption", "", title, make("p", "told", plot.told));
  plotInto(place, () => optionsOf(plot, (text) => { readout.textContent = text; }));
  return make("figure", "", caption, place, under, values);
}

const named = (className, text) => make("span", "", make("span", `swatch ${className}`), text);

function course(plot) {
  const names = plot.lines.map((line) => named(line.color === "quiet" ? "quiet-line" : line.color, line.name));
  const rows = plot.lines[0].values.map((_, at) => [
    clock(plot.seconds[at]),
    ...plot.lines.map((line) => number(line.values[at])),
  ]);
  return figure(plot, courseOptions, names, ["from", ...plot.lines.map((line) => line.name)], rows);
}

function bars(plot) {
  const names = plot.band ? [named("accent", "clips"), named("band", plot.band.label)] : [named("accent", "clips")];
  const rows = plot.steps.map((step, at) => [step, number(plot.counts[at])]).filter((_, at) => plot.counts[at]);
  return figure(plot, barsOptions, names, [plot.unit, "clips"], rows);
}

function example({ where, who, what }, cause) {
  const name = foreign("span", "who", who);
  name.lang = "ja";
  // What all clips of a group say is not said again of each.
  const full = what === cause ? [] : [foreign("div", "what", what)];
  return make("li", "", name, foreign("code", "where", where), ...full);
}

function group({ sort, cause, count, examples }, name, isBad) {
  const summary = make(
    "summary",
    "",
    make("span", "number", number(count)),
    foreign("span", "cause", cause),
    // What the heading says already is not said again.
    ...(!sort || sort === name ? [] : [make("span", isBad ? "badge badge-bad" : "badge", sort)]),
  );
  const list = make("ul", "examples", ...examples.map((each) => example(each, cause)));
  if (count > examples.length) {
    list.append(make("li", "", make("span", "more", `and ${number(count - examples.length)} more`)));
  }
  // A long list scrolls.
  list.tabIndex = 0;
  list.setAttribute("aria-label", "clips");
  return make("details", "group", summary, list);
}

function groups(section) {
  const isBad = ["failed", "flawed", "problems", "wrong"].includes(section.name);
  const made = section.groups.map((each) => group(each, section.name, isBad));
  if (section.name === "failed") made[0].open = true;
  return make("div", "card groups", ...made);
}

function shares(all) {
  const whole = all.reduce((sum, each) => sum + each.count, 0);
  const bar = make("div", "shares");
  bar.setAttribute("aria-hidden", "true");
  const list = make("ul", "legend");
  for (const { name, count } of all) {
    const part = make("span", name);
    part.style.setProperty("flex", `${count} 0 0`);
    bar.append(part);
    list.append(make("li", "", make("span", `swatch ${name}`), `${name} `, make("b", "", number(count)), ` ${percent(count, whole)}`));
  }
  return make("div", "card", bar, list);
}

function section(each) {
  const made = make("section", "");
  made.id = each.name;
  const heading = make("h2", "", each.title);
  const count = each.groups.reduce((sum, one) => sum + one.count, 0);
  if (count) heading.append(make("span", "count", number(count)));
  made.append(heading);
  if (each.told) made.append(make("p", "told", each.told));
  const plots = [...each.courses.map(course), ...each.bars.map(bars)];
  if (plots.length) made.append(make("div", "plots", ...plots));
  if (each.groups.length) made.append(groups(each));
  if (each.shares.length) made.append(shares(each.shares));
  if (each.table) {
    const content = table(each.table.heads, each.table.rows);
    made.append(make("div", "card", scrolling(each.title, content)));
  }
  return made;
}

function link(each) {
  const made = make("a", "", each.title);
  made.href = `#${each.name}`;
  return made;
}

document.getElementById("command").textContent = told.command;
document.getElementById("ended").replaceChildren(make("bdi", "", told.ended));
document.getElementById("ended").hidden = !told.ended;
document.getElementById("tiles").append(...told.tiles.map(tile));
if (told.sections.length > 1) document.getElementById("contents").append(...told.sections.map(link));
else document.getElementById("contents").hidden = true;
document.getElementById("sections").append(...told.sections.map(section));
follow();
document.documentElement.dataset.ready = "true";
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
