// A million products: how long their import takes while orders go on, embedded and on PostgreSQL; how long every kind
// of stock page takes while orders go on, and what that costs the orders; what an export costs; start and memory.

import { get } from "node:http";
import { readFileSync } from "node:fs";
import { askInTurn, quantile, stockPages, tellDearest } from "../ask_in_turn.mjs";

const PRODUCTS = 1_000_000;
const PREFIX = "M";
const ADJECTIVES = ["Blue", "Red", "Steel", "Wooden", "Small", "Large", "Heavy", "Light", "Green", "Matte", "Round", "Thin"];
const THINGS = ["bolt", "nut", "washer", "screw", "pen", "desk", "chair", "lamp", "cable", "bracket", "hinge", "panel", "valve", "switch"];
const CATEGORIES = ["Office", "Kitchen", "Garden", "Tools", "Electrical", "Plumbing", "Furniture", "Toys", "Sports", "Books"];
// What goes on beside: orders of one line over 1 000 products.
const SPREAD = ["orders", "--sku", "S", "--skus", 1000];
const STEADY = [...SPREAD, "--connections", 64, "--rate", 3000];
const FULL = [...SPREAD, "--connections", 64];

// The rows of the import file: 76 MB with a million of them. Every product has stock.
function importFile(count) {
  const parts = [];
  let text = "sku,name,category,barcode,unit_price,currency,location,quantity,reorder_point\r\n";
  let state = 12345;
  const draw = (size) => (state = (state * 1103515245 + 12345) % 2147483648) % size;
  for (let index = 0; index < count; index++) {
    const name = `${ADJECTIVES[draw(12)]} ${THINGS[draw(14)]} ${draw(1000)} mm`;
    const rest = `400${String(draw(1e9)).padStart(10, "0")},${draw(100)}.50,EUR,MAIN,${draw(30) === 0 ? 0 : draw(1000)},20`;
    text += `${PREFIX}-${String(index).padStart(7, "0")},${name},${CATEGORIES[draw(10)]},${rest}\r\n`;
    if (text.length < 1 << 20) continue;
    parts.push(Buffer.from(text));
    text = "";
  }
  parts.push(Buffer.from(text));
  return Buffer.concat(parts);
}

const PAGES = stockPages({ search: "valve", words: "blue+valve+77", sku: `${PREFIX}-0777777`, category: "Tools" });

export const group = {
  name: "million",
  title: "A million products",
  order: 50,
  seconds: 120,
  scenarios: {
    import1m: "import of 1 000 000 products with stock, 3 000 orders/s beside, embedded",
    "import1m-pg": "the same on PostgreSQL",
    start1m: "from exec until /readyz says 200, and memory then",
    pages1m: `${Object.keys(PAGES).length} kinds of stock page in turn, orders at full speed beside`,
    export1m: "stock.csv of 1 000 000 levels, orders at full speed beside",
  },

  async run(bench) {
    const file = importFile(PRODUCTS);
    if (bench.wants("import1m-pg")) await importBeside(bench, "import1m-pg", await pgServer(bench), file, 30);
    const first = await bench.startPrepared();
    if (bench.wants("import1m")) {
      await importBeside(bench, "import1m", first, file, 20, true);
    } else {
      await importProducts(bench, first, file);
      await bench.stopServer(first);
    }
    const server = await bench.startServer({ folder: first.folder, database: first.database });
    server.token = await bench.prepare.signIn(server);
    if (bench.wants("start1m")) {
      const memory = bench.memory(server);
      bench.row("start1m", { ready_ms: server.ready_ms, rss_mb: memory.now, peak_mb: memory.peak });
      bench.goal("start1m", "ms from exec until ready", server.ready_ms, "<=", 2000);
    }
    if (bench.wants("pages1m")) await pages(bench, server);
    if (bench.wants("export1m")) await exportBeside(bench, server);
    await bench.stopServer(server);
    bench.verify(first.database, "1 000 000 products");
  },
};

async function pgServer(bench) {
  const postgres = await bench.postgres();
  return bench.startPrepared({ database: await postgres.makeDatabase("million") });
}

async function importProducts(bench, server, file) {
  const begun = performance.now();
  const { status, body } = await bench.ask(server, "POST", "/api/v1/imports", { token: server.token, body: file, type: "text/csv" });
  const good = status === 200 && body.applied && body.created === PRODUCTS && body.errors.length === 0;
  if (!good) bench.fail(`import: ${status} ${JSON.stringify(body).slice(0, 500)}`);
  return (performance.now() - begun) / 1000;
}

async function importBeside(bench, scenario, server, file, seconds_max) {
  const alone = await bench.load(server, server.token, STEADY, { warmup: 1, duration: bench.seconds(3) });
  const before = bench.cpuSeconds(server);
  const importing = importProducts(bench, server, file);
  const beside = await bench.load(server, server.token, STEADY, { warmup: 1, duration: bench.seconds(12) });
  const import_s = await importing;
  const orders = bench.loadValues(scenario, beside);
  const memory = bench.memory(server);
  bench.row(scenario, {
    import_s,
    orders_per_s: orders.requests_per_s,
    p99_ms: orders.p99_ms,
    max_ms: orders.max_ms,
    p99_alone_ms: alone.latency_us.p99 / 1000,
    server_cpu_s: bench.cpuSeconds(server) - before,
    peak_mb: memory.peak,
  });
  bench.goal(scenario, "seconds", import_s, "<=", seconds_max);
  bench.goal(scenario, "order p99 in ms beside", orders.p99_ms, "<=", 100);
  await bench.stopServer(server);
}

async function pages(bench, server) {
  const idle = await askInTurn(server, PAGES, bench.seconds(4));
  const alone = await bench.load(server, server.token, FULL, { duration: bench.seconds(4) });
  const loading = bench.load(server, server.token, FULL, { duration: bench.seconds(14) });
  const times = await askInTurn(server, PAGES, bench.seconds(14));
  const orders = bench.loadValues("pages1m", await loading);
  const all = Object.values(times).flat();
  bench.row("pages1m", {
    p50_ms: quantile(all, 0.5),
    p99_ms: quantile(all, 0.99),
    idle_p99_ms: quantile(Object.values(idle).flat(), 0.99),
    orders_per_s: orders.requests_per_s,
    orders_alone_per_s: alone.requests_per_second,
    order_p99_ms: orders.p99_ms,
    order_p99_alone_ms: alone.latency_us.p99 / 1000,
  });
  bench.note(`Dearest pages, p99 in ms under orders (p50 without): ${tellDearest(times, idle)}`);
  bench.goal("pages1m", "p99 of all pages in ms, orders at full speed beside", quantile(all, 0.99), "<=", 10);
  bench.goal("pages1m", "order p99 beside pages over alone", orders.p99_ms / (alone.latency_us.p99 / 1000), "<=", 1.5);
}

// Reads the whole answer and tells the most memory that the server had meanwhile.
async function exportOnce(server) {
  const resident = () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1000;
  const begun = performance.now();
  const result = { rows: -1, before: resident(), most: 0 };
  await new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${server.token}` };
    get({ host: "127.0.0.1", port: server.port, path: "/api/v1/exports/stock.csv", agent: false, headers }, (response) => {
      let chunks = 0;
      response.on("data", (chunk) => {
        for (const byte of chunk) if (byte === 10) result.rows++;
        if (chunks++ % 100 === 0) result.most = Math.max(result.most, resident());
      });
      response.on("end", resolve);
      response.on("error", reject);
    }).on("error", reject);
  });
  result.seconds = (performance.now() - begun) / 1000;
  return result;
}

async function exportBeside(bench, server) {
  const alone = await bench.load(server, server.token, FULL, { duration: bench.seconds(4) });
  const exporting = exportOnce(server);
  const orders = bench.loadValues("export1m", await bench.load(server, server.token, FULL, { warmup: 0.5, duration: bench.seconds(5) }));
  const found = await exporting;
  if (found.rows < PRODUCTS) bench.fail(`export: ${found.rows} rows`);
  bench.row("export1m", {
    export_s: found.seconds,
    grown_mb: found.most - found.before,
    order_p99_ms: orders.p99_ms,
    order_p99_alone_ms: alone.latency_us.p99 / 1000,
    orders_per_s: orders.requests_per_s,
    orders_alone_per_s: alone.requests_per_second,
  });
  bench.goal("export1m", "order p99 beside the export over alone", orders.p99_ms / (alone.latency_us.p99 / 1000), "<=", 1.5);
}
