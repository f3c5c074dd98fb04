// Makes the pictures and the tables of docs/performance.md from measured data: `node bench/plot.mjs`. growth.json becomes one
// picture for each series, with a panel for the rate, for processor time and for latency; the budgets become a picture of
// bars and a table; the goals and the limits come from bench/last.json. A table stands between two comments with its name.
// Needs nothing but Node; growth.mjs, profile.mjs and `bench/run --record` make the data.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { short } from "./bench.mjs";

const root = resolve(import.meta.dirname, "..");
const data = join(root, "docs/performance");
const images = join(root, "docs/images");

const PANEL = { width: 360, height: 210, left: 52, right: 12, top: 34, bottom: 34 };
const INK = "#3b3a36";
const FAINT = "#d9d5cc";
const PAPER = "#fffdf8";
const COLOURS = ["#c2410c", "#0f766e", "#7c3aed", "#a16207", "#be185d", "#1d4ed8", "#4d7c0f", "#57534e", "#b45309", "#0e7490", "#86198f", "#9ca3af"];
const FONT = 'font-family="sans-serif" font-size="11"';

const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// 10 000 as "10k".
function words(number) {
  if (number >= 1e6) return `${Number((number / 1e6).toPrecision(3))}M`;
  if (number >= 1e3) return `${Number((number / 1e3).toPrecision(3))}k`;
  return String(Number(number.toPrecision(3)));
}

// About four round steps from 0 to `most`.
function ticksUpTo(most) {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const ticks = [];
  for (let at = 0; at < most + step * 0.999; at += step) ticks.push(at);
  return ticks;
}

// One panel: `lines` are {name, points: [[x, y], …]}; x is logarithmic when it spans more than a factor of 30.
function panel(x0, title, lines) {
  const { width, height, left, right, top, bottom } = PANEL;
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const ticks = ticksUpTo(Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y))));
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const logarithmic = low > 0 && high / low > 30;
  const scale = logarithmic ? Math.log10 : (value) => value;
  const across = (value) => x0 + left + ((scale(value) - scale(low)) / (scale(high) - scale(low) || 1)) * (width - left - right);
  const up = (value) => height - bottom - (value / ticks.at(-1)) * (height - top - bottom);
  const out = [`<text x="${x0 + left}" y="18" ${FONT} font-weight="bold" fill="${INK}">${escape(title)}</text>`];
  for (const tick of ticks) {
    out.push(`<line x1="${x0 + left}" x2="${x0 + width - right}" y1="${up(tick)}" y2="${up(tick)}" stroke="${FAINT}"/>`);
    out.push(`<text x="${x0 + left - 6}" y="${up(tick) + 4}" ${FONT} text-anchor="end" fill="${INK}">${words(tick)}</text>`);
  }
  const marks = [...new Set(xs)].toSorted((a, b) => a - b);
  let last = -100;
  for (const mark of marks) {
    if (across(mark) - last < 34) continue;
    last = across(mark);
    out.push(`<text x="${last}" y="${height - bottom + 16}" ${FONT} text-anchor="middle" fill="${INK}">${words(mark)}</text>`);
  }
  lines.forEach(({ name, points }, index) => {
    const path = points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${across(x).toFixed(1)} ${up(y).toFixed(1)}`).join(" ");
    out.push(`<path d="${path}" fill="none" stroke="${COLOURS[index]}" stroke-width="1.8"/>`);
    for (const [x, y] of points) out.push(`<circle cx="${across(x).toFixed(1)}" cy="${up(y).toFixed(1)}" r="2.6" fill="${COLOURS[index]}"><title>${words(x)}: ${short(y)}</title></circle>`);
    if (lines.length > 1) out.push(`<text x="${x0 + width - right}" y="${top + 2 + index * 14}" ${FONT} text-anchor="end" fill="${COLOURS[index]}">${escape(name)}</text>`);
  });
  return out.join("\n");
}

const svg = (width, height, body) => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect width="100%" height="100%" fill="${PAPER}"/>
${body}
</svg>
`;

const PANELS = [
  ["requests_per_s", "orders a second"],
  ["cpu_us", "processor time of the server, µs per order"],
  ["server_cores", "processor time of the server, cores"],
  ["latency", "latency, ms"],
  ["rss_mb", "resident memory, MB"],
  ["bytes_per_s", "bytes a second to each watcher"],
];

function drawSeries(name, { what, points }) {
  const panels = [];
  for (const [field, title] of PANELS) {
    const lines =
      field === "latency"
        ? ["p50_ms", "p99_ms"].filter((each) => each in points[0]).map((each) => ({ name: each.replace("_ms", ""), points: points.map((point) => [point.x, point[each]]) }))
        : field in points[0]
          ? [{ name: title, points: points.map((point) => [point.x, point[field]]) }]
          : [];
    if (lines.length > 0) panels.push(panel(panels.length * PANEL.width, title, lines));
  }
  const caption = `<text x="${PANEL.left}" y="${PANEL.height + 12}" ${FONT} fill="${INK}">across: ${escape(what)}</text>`;
  writeFileSync(join(images, `growth-${name}.svg`), svg(panels.length * PANEL.width, PANEL.height + 24, [...panels, caption].join("\n")));
}

// Bars of the steps of one order, for each budget, one below the other.
function drawBudgets(budgets) {
  const [left, width, row] = [160, 1000, 26];
  const most = Math.max(...budgets.map(({ server_us, database_us = 0 }) => server_us + database_us));
  const scale = (width - left - 70) / most;
  const out = [];
  let y = 30;
  for (const { scenario, budget, server_us, database_us } of budgets) {
    out.push(`<text x="8" y="${y + 16}" ${FONT} font-weight="bold" fill="${INK}">${escape(scenario)}</text>`);
    let x = left;
    const parts = budget.map(({ thread, us }) => [thread, us]);
    if (database_us) parts.push(["PostgreSQL", database_us]);
    parts.forEach(([name, us], index) => {
      const size = us * scale;
      const label = size > 70 ? `${name} ${short(us)}` : size > 26 ? short(us) : "";
      out.push(`<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, size - 1).toFixed(1)}" height="${row - 4}" fill="${COLOURS[index]}" opacity="0.85"><title>${escape(name)}: ${short(us)} µs</title></rect>`);
      if (label) out.push(`<text x="${(x + 4).toFixed(1)}" y="${y + 15}" ${FONT} fill="#fff">${escape(label)}</text>`);
      x += size;
    });
    out.push(`<text x="${(x + 6).toFixed(1)}" y="${y + 15}" ${FONT} fill="${INK}">${short(server_us + (database_us ?? 0))}</text>`);
    y += row;
  }
  const title = `<text x="8" y="18" ${FONT} font-weight="bold" fill="${INK}">processor time for each order, µs, by thread</text>`;
  writeFileSync(join(images, "budget.svg"), svg(width, y + 10, [title, ...out].join("\n")));
}

const table = (columns, rows) => [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

function budgetTable(budgets) {
  return budgets
    .map(({ scenario, commit, date, server_us, database_us, requests_per_s, others_cores, budget }) => {
      const database = database_us ? `, and ${short(database_us)} µs of PostgreSQL's` : "";
      const rows = budget.flatMap(({ thread, us, steps }) => [
        [`**${thread}**`, "", `**${short(us)}**`],
        ...steps.filter((step) => step.us >= 0.05).map((step) => ["", step.step, short(step.us)]),
      ]);
      return `\`${scenario}\`: ${short(server_us)} µs of the server's processor time for each request${database}, at ${words(requests_per_s)} a second${others_cores === undefined ? "" : `, while others kept ${short(others_cores)} cores busy`} (${date.slice(0, 10)}, ${commit}).\n\n${table(["thread", "step", "µs"], rows)}`;
    })
    .join("\n\n");
}

function goalTable(last) {
  const rows = Object.entries(last.goals).map(([name, { value, reached }]) => [`\`${name.split(": ")[0]}\``, name.split(": ").slice(1).join(": "), `**${short(value)}**`, reached ? "yes" : "**no**"]);
  return `Recorded ${last.recorded}; ${last.machine.processor}, ${last.machine.kernel}.\n\n${table(["scenario", "what", "value", "reached"], rows)}`;
}

// What the disk and the wire allow, in numbers of this machine.
function limitTable({ scenarios }) {
  const value = (scenario, name) => scenarios[scenario]?.values[name];
  const rows = [];
  const add = (what, number, unit) => number !== undefined && rows.push([what, `${short(number)} ${unit}`]);
  const commit = (orders) => value(`storage/storage_sqlite_commit/${orders}/1`, "time_ns");
  for (const orders of [1, 64, 256]) add(`a durable batch of ${orders} ${orders === 1 ? "order" : "orders"}, embedded, alone`, commit(orders) && commit(orders) / 1e6, "ms");
  for (const orders of [1, 256]) {
    const time = value(`storage/storage_postgres_batch/${orders}/1`, "time_ns");
    add(`the same on PostgreSQL, ${orders === 1 ? "1 order" : `${orders} orders`}`, time && time / 1e6, "ms");
  }
  add("orders in a batch, embedded, 256 on their way", value("embedded-hot256/memory", "orders_per_batch"), "");
  add("orders in a batch, PostgreSQL, 256 on their way", value("postgres-hot256/memory", "orders_per_batch"), "");
  const [request, answer] = [value("wire", "request_bytes"), value("wire", "answer_bytes")];
  add("bytes of an order of one line", request, "");
  add("bytes of its answer", answer, "");
  const rate = value("hot256", "requests_per_s");
  if (request && answer && rate) add(`so on the wire, at ${words(rate)} orders a second (each way 66 bytes of TCP, IP and Ethernet more)`, ((request + answer + 132) * rate) / 1e6, "MB/s");
  add("processor time of an order, server", value("hot256", "cpu_us"), "µs");
  add("processor time of an order, load generator", value("hot256", "tool_cpu_us"), "µs");
  return table(["what", "measured"], rows);
}

// Puts `text` between the comments of that name in the document.
function fill(name, text) {
  const file = join(root, "docs/performance.md");
  const document = readFileSync(file, "utf8");
  const [begin, end] = [`<!-- ${name}: made by bench/plot.mjs -->`, `<!-- end of ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for ${name}`);
  writeFileSync(file, `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`);
}

const growth = join(data, "growth.json");
if (existsSync(growth)) for (const [name, series] of Object.entries(JSON.parse(readFileSync(growth, "utf8")))) drawSeries(name, series);
const ORDER = ["noop256", "hot256", "spread256", "postgres-hot256", "postgres-spread256"];
const budgets = readdirSync(data).filter((each) => each.startsWith("budget-")).map((each) => JSON.parse(readFileSync(join(data, each), "utf8")));
if (budgets.length > 0) {
  const sorted = budgets.toSorted((a, b) => ORDER.indexOf(a.scenario) - ORDER.indexOf(b.scenario));
  drawBudgets(sorted);
  fill("budget", budgetTable(sorted));
}
const lastFile = join(root, "bench/last.json");
if (existsSync(lastFile)) {
  const last = JSON.parse(readFileSync(lastFile, "utf8"));
  fill("goals", goalTable(last));
  fill("limit", limitTable(last));
}
