// Plots of a run on canvas, each drawn anew when the colours or the width change.

const drawn = new Map();
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) draw(target);
});

/** A colour of the style sheet, by its name there. */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const colors = { good: "good", bad: "bad", accent: "accent", quiet: "wave" };

/** Seconds as a clock shows them. */
function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (value) => String(value).padStart(2, "0");
  if (seconds < 60) return `${Number(seconds.toFixed(2))} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const number = (value) => value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 1 });

/** Draw a plot into its place, and again whenever that changes. */
function plotInto(place, options) {
  drawn.set(place, { options, plot: null });
  wide.observe(place);
}

function draw(place) {
  const known = drawn.get(place);
  const width = Math.floor(place.clientWidth);
  if (!known || width < 1) return;
  const size = { width, height: place.clientHeight };
  if (known.plot) known.plot.setSize(size);
  else {
    const { data, ...options } = known.options();
    known.plot = new uPlot({ ...size, ...options }, data, place);
  }
}

function drawAll() {
  for (const [place, known] of drawn) {
    known.plot?.destroy();
    known.plot = null;
    draw(place);
  }
}

/** Dark as the system is, and light on paper. */
function follow() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = (theme) => {
    document.documentElement.dataset.theme = theme;
    drawAll();
  };
  const paper = matchMedia("print");
  const asSystem = () => set(dark.matches && !paper.matches ? "dark" : "light");
  dark.addEventListener("change", asSystem);
  paper.addEventListener("change", asSystem);
  addEventListener("beforeprint", () => set("light"));
  addEventListener("afterprint", asSystem);
  asSystem();
}

function axis(more) {
  const line = { stroke: color("line"), width: 1 };
  return {
    stroke: color("ink-soft"),
    font: "12px system-ui, sans-serif",
    grid: line,
    ticks: { ...line, size: 4 },
    gap: 4,
    ...more,
  };
}

/** Steps between ticks of time, in seconds. */
const spans = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

const common = {
  legend: { show: false },
  padding: [8, 20, 0, 0],
};
const whole = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];
const countAxis = (more = {}) =>
  axis({ ...more, size: 46, values: (_, values) => values.map((value) => (value === null ? "" : number(value))) });
const fromZero = (_, __, most) => [0, most > 0 ? 1.12 * most : 1];
const cursor = () => ({ x: true, y: false, drag: { x: false, y: false }, points: { size: 7 } });

/** Lines over time, in steps. */
function courseOptions(course, say) {
  const end = course.seconds.at(-1);
  // A step is drawn to where the next begins; the last one to the end.
  const values = course.lines.map((line) => [...line.values, line.values.at(-1)]);
  return {
    ...common,
    data: [course.seconds, ...values],
    cursor: cursor(),
    scales: { x: { time: false, range: [0, end] }, y: { range: fromZero } },
    axes: [axis({ size: 30, space: 64, incrs: spans, values: (_, at) => at.map(clock) }), countAxis(course.unit === "at once" ? { incrs: whole } : {})],
    series: [
      {},
      ...course.lines.map((line) => {
        const stroke = color(colors[line.color]);
        const quiet = line.color === "quiet";
        return {
          stroke,
          width: quiet ? 1.5 : 2,
          dash: quiet ? [5, 4] : undefined,
          fill: quiet || !/^#.{6}$/.test(stroke) ? undefined : `${stroke}24`,
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: false },
        };
      }),
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx } }) => {
          if (idx === null || idx === undefined) return say("");
          const told = course.lines.map((line, at) => `${line.name} ${number(values[at][idx])}`);
          return say(`${clock(course.seconds[idx])}: ${told.join(", ")}`);
        },
      ],
    },
  };
}

/** How many clips lie in each step, and where they should lie. */
function barsOptions(bars, say) {
  const { counts, band } = bars;
  const places = counts.map((_, at) => at);
  const fill = color("accent");
  return {
    ...common,
    data: [places, counts],
    cursor: { ...cursor(), points: { show: false } },
    scales: { x: { time: false, range: [0, counts.length] }, y: { range: fromZero } },
    axes: [
      axis({
        size: 30,
        grid: { show: false },
        splits: (plot) => ticksOf(bars, plot).map((tick) => tick.at),
        values: (plot) => ticksOf(bars, plot).map((tick) => tick.label),
      }),
      countAxis({ incrs: whole }),
    ],
    series: [
      {},
      { stroke: fill, fill, width: 0, points: { show: false }, paths: uPlot.paths.bars({ align: 1, size: [0.86] }) },
    ],
    hooks: {
      drawAxes: band ? [(plot) => drawBand(plot, band)] : [],
      draw: band ? [(plot) => drawWanted(plot, band)] : [],
      setCursor: [
        ({ cursor: { left }, posToVal }) => {
          if (left < 0) return say("");
          const at = Math.min(Math.max(Math.floor(posToVal(left, "x")), 0), counts.length - 1);
          return say(`${bars.steps[at]} ${bars.unit}: ${number(counts[at])}`);
        },
      ],
    },
  };
}

/** The ticks that there is room for. */
function ticksOf(bars, plot) {
  const widest = Math.max(...bars.ticks.map(({ label }) => label.length));
  const room = Math.max(2, Math.floor(plot.bbox.width / devicePixelRatio / Math.max(56, 7 * widest + 14)));
  const each = Math.ceil(bars.ticks.length / room);
  // At the very end there is room for a short one only.
  const fits = ({ at, label }) => at < bars.counts.length || label.length < 7;
  return bars.ticks.filter((tick, at) => at % each === 0 && fits(tick));
}

function drawBand(plot, band) {
  const { ctx, bbox } = plot;
  const [left, right] = [band.begin, band.end].map((at) => plot.valToPos(at, "x", true));
  ctx.save();
  ctx.globalAlpha = 0.16;
  ctx.fillStyle = color("good");
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
  ctx.restore();
}

function drawWanted(plot, band) {
  const { ctx, bbox } = plot;
  const at = plot.valToPos(band.wanted, "x", true);
  ctx.save();
  ctx.strokeStyle = color("good");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
