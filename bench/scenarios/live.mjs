// Pages that watch while orders come: from sending an order until every page that shows its product has it. Target: with
// 5 000 orders a second, 1 000 pages of the whole table and 1 000 pages of 40 rows, 99 % of all these deliveries within
// 50 ms. All programs share two cores, so the pages (one program with 2 001 sockets) cost as much as the server. A page
// of the whole table gets the new value of every product that was sold since it was last told, whole; `kb_per_s` is what
// that comes to for one page, and the second figure what it would be if each change were told alone.

import { watch } from "../watch_orders.mjs";

const PAGES = 1000;
const ROWS = 40;
const GOAL_MS = 50;

const SIDES = {
  all: { what: `${PAGES} pages of the whole table`, flags: ["--all", PAGES] },
  some: { what: `${PAGES} pages of ${ROWS} rows`, flags: ["--some", PAGES] },
  both: { what: `${PAGES} pages of the whole table and ${PAGES} of ${ROWS} rows`, flags: ["--all", PAGES, "--some", PAGES] },
};

const ms = (microseconds) => microseconds / 1000;

function check(bench, name, result) {
  const { orders, untold_orders } = result;
  if (orders.unsent > 0) bench.note(`${name}: ${orders.unsent} orders were due and could not be sent in time`);
  if (orders.accepted !== orders.sent) bench.fail(`${name}: ${orders.sent - orders.accepted} of ${orders.sent} orders were not accepted`);
  if (untold_orders > 0) bench.fail(`${name}: ${untold_orders} orders were told to nobody`);
  for (const kind of ["all", "some"]) if (result[kind].missed > 0) bench.fail(`${name}: ${result[kind].missed} deliveries missed`);
}

function print(bench, name, result) {
  check(bench, name, result);
  for (const kind of ["all", "some"]) {
    const told = result[kind];
    if (told.clients === 0) continue;
    bench.row(`${name}/${kind}`, {
      p50_ms: ms(told.p50_us),
      p99_ms: ms(told.p99_us),
      worst_page_p99_ms: ms(told.worst_client_p99_us),
      order_p99_ms: ms(result.orders.latency_us.p99),
      server_cores: result.server_cores,
      events: told.events_per_second,
      page_kb_s: told.bytes_per_second / 1000,
    });
    const alone = (told.bytes_per_second_unmerged / 1000).toFixed(0);
    const merged = (told.bytes_per_second / 1000).toFixed(0);
    bench.note(`${name}/${kind}: a page gets ${merged} kB/s; told one by one the changes would be ${alone} kB/s`);
  }
}

export const group = {
  name: "live",
  title: "Orders and the pages that watch them",
  order: 60,
  seconds: 80,
  scenarios: Object.fromEntries(Object.entries(SIDES).map(([name, { what }]) => [name, `order sent → told: ${what}`])),
  async run(bench) {
    const server = await bench.startServer();
    const token = await bench.prepare.register(server);
    await bench.prepare.prepareSmall(server, token);
    for (const [name, { flags }] of Object.entries(SIDES)) {
      if (!bench.wants(name)) continue;
      const result = await watch(bench, server, token, [...flags, "--rows", ROWS], bench.seconds(6));
      print(bench, name, result);
      const worst = Math.max(...["all", "some"].map((kind) => ms(result[kind].p99_us)));
      bench.goal(name, "99 % of deliveries within ms", worst, "<=", GOAL_MS);
    }
    await bench.stopServer(server);
    bench.verify(server.database, "after the orders");
  },
};
