// Stock pages among 100 000 products, one question at a time; and how long the server takes to be ready with them.

const page = (query) => ["get", "--path", `/api/v1/stock?limit=100&${query}`, "--connections", 1];

const PAGES = [
  { name: "stockpage-offset", what: "100 rows at offset 50 000", load: page("offset=50000") },
  { name: "stockpage-search", what: "search for a word, first 100 rows", load: page("search=bolt") },
  { name: "stockpage-narrow", what: "search for one product", load: page("search=bolt+77770") },
  { name: "stockpage-sort", what: "sorted by -available, offset 50 000", load: page("sort=-available&offset=50000") },
];
const STARTS = 5;

export const group = {
  name: "pages",
  title: "Stock pages and start with 100 000 products",
  order: 40,
  seconds: 20,
  scenarios: {
    ...Object.fromEntries(PAGES.map(({ name, what }) => [name, what])),
    import100k: "import of 100 000 products with stock",
    start100k: "from exec until /readyz says 200, median of five; and memory then",
  },

  async run(bench) {
    const first = await bench.startServer();
    const token = await bench.prepare.register(first);
    const import_s = await bench.prepare.prepareLarge(first, token);
    bench.row("import100k", { import_s });
    for (const { name, load } of PAGES.filter((each) => bench.wants(each.name))) {
      const values = bench.loadValues(name, await bench.load(first, token, load, { warmup: 0.5, duration: bench.seconds(2) }));
      bench.row(name, values);
      bench.goal(name, "p50 in ms", values.p50_ms, "<=", 5);
    }
    await bench.stopServer(first);
    if (bench.wants("start100k")) await starts(bench, first);
    bench.verify(first.database, "100 000 products");
  },
};

async function starts(bench, { folder, database }) {
  const ready = [];
  const resident = [];
  const peak = [];
  for (let count = 0; count < STARTS; count++) {
    const server = await bench.startServer({ folder, database });
    ready.push(server.ready_ms);
    resident.push(bench.memory(server).now);
    peak.push(bench.memory(server).peak);
    await bench.stopServer(server);
  }
  const { median } = bench;
  bench.row("start100k", { ready_ms: median(ready), rss_mb: median(resident), peak_mb: median(peak) });
  bench.goal("start100k", "ms from exec until ready", median(ready), "<=", 1000);
  bench.goal("start100k", "MB resident then", median(resident), "<=", 150);
}
