// More orders than the server can take. First the peak: connections that send the next order when they have an answer. Then
// four times that rate is offered at fixed times over 4 096 connections, for some seconds, and half the peak before and after.
// Targets: of the offered orders as many are accepted as at the peak, or at least 90 % of it; who is refused is told within
// 50 ms (99 %); five seconds after the storm orders take as long as before it.
//
// Three kinds of storms, as the bottleneck differs. Orders of one line are so cheap that reading and writing them is most of
// the work: 4 096 connections cannot carry four times the peak, and what they do not carry waits at the client. Orders of
// 30 lines are dear in the engine and cheap to send, so the storm arrives nearly in full; but all who can be on their way
// are answered within a second, so nobody is refused. Only where the disk is slow do more wait than are answered in time:
// there the server refuses, and this is what the goal for refusals is measured with.

const TIMES = 4;
const CALM_SHARE = 0.5; // of the peak, before and after the storm
const RECOVERY_S = 5;

const SIDES = {
  // `peak`: connections that get the most out of the server; dear orders, and slow disks, are served better in larger
  // batches. `calm`: connections before and after the storm, `connections`: in it.
  light: { what: "orders of 1 line", lines: ["--lines", 1], peak: 256, calm: 256, connections: 4096 },
  heavy: { what: "orders of 30 lines", lines: ["--lines", 30], peak: 1024, calm: 256, connections: 4096 },
  slow: { what: "orders of 1 line, and each write to the disk takes 200 ms", lines: ["--lines", 1], peak: 2048, calm: 2048, connections: 12_288, disk_ms: 200 },
};

const ms = (microseconds) => microseconds / 1000;
const rateOf = (result) => result.accepted_per_second ?? result.requests_per_second;

async function storm(bench, server, token, name) {
  const { lines, peak: peakConnections, calm: calmConnections, connections } = SIDES[name];
  const orders = ["orders", "--sku", bench.prepare.SPREAD_PREFIX, "--skus", bench.prepare.SPREAD_PRODUCTS, ...lines];
  const open = (rate, count) => [...orders, "--connections", count, "--rate", Math.round(rate)];
  const seconds = bench.seconds(3);
  const peak = await bench.load(server, token, [...orders, "--connections", peakConnections], { warmup: 1, duration: seconds });
  const calm = open(rateOf(peak) * CALM_SHARE, calmConnections);
  const before = await bench.load(server, token, calm, { warmup: 0.5, duration: 2 });
  const over = await bench.load(server, token, open(rateOf(peak) * TIMES, connections), { warmup: 1, duration: seconds });
  // The storm is over when its last answer came. What is measured now is the second that ends RECOVERY_S later.
  const after = await bench.load(server, token, calm, { warmup: RECOVERY_S - 1, duration: 1 });
  bench.row(`${name}/peak`, { orders_per_s: rateOf(peak), p50_ms: ms(peak.latency_us.p50), p99_ms: ms(peak.latency_us.p99) });
  const answers = over.refused_latency_us;
  bench.row(`${name}/storm`, {
    orders_per_s: rateOf(over),
    accepted_p50_ms: ms(over.accepted_latency_us.p50),
    accepted_p99_ms: ms(over.accepted_latency_us.p99),
    refused: answers.count,
    refused_p99_ms: ms(answers.p99),
    unsent: over.unsent,
  });
  bench.row(`${name}/calm`, { before_p99_ms: ms(before.latency_us.p99), after_p99_ms: ms(after.latency_us.p99) });
  bench.goal(name, "accepted in the storm over the peak", rateOf(over) / rateOf(peak), ">=", 0.9);
  if (SIDES[name].disk_ms > 0) {
    if (answers.count === 0) bench.fail(`${name}: nobody was refused, so nothing is said about refusals`);
    bench.goal(name, "p99 of refusals in ms", ms(answers.p99), "<=", 50);
  }
  bench.goal(name, `p99 ${RECOVERY_S} s after the storm over before`, after.latency_us.p99 / before.latency_us.p99, "<=", 1.5);
  if (over.lost > 0) bench.fail(`${name}: ${over.lost} requests had no answer (${over.first_error})`);
  const strange = Object.keys(over.statuses).filter((status) => status !== "201" && status !== "503");
  if (strange.length > 0) bench.fail(`${name}: answers ${JSON.stringify(over.statuses)}`);
  return peak.accepted_units + before.accepted_units + over.accepted_units + after.accepted_units;
}

async function onOneServer(bench, settings, names) {
  if (names.length === 0) return;
  const server = await bench.startPrepared({ settings });
  let units = 0;
  for (const name of names) units += await storm(bench, server, server.token, name);
  const allocated = await bench.prepare.allocatedUnits(server, server.token);
  if (units !== allocated) bench.fail(`accepted ${units} units, allocated ${allocated}`);
  await bench.stopServer(server);
  bench.verify(server.database, `after ${names.join(", ")}`);
}

export const group = {
  name: "overload",
  title: "Four times more than the server can take",
  order: 80,
  seconds: 65,
  scenarios: Object.fromEntries(Object.entries(SIDES).map(([name, { what }]) => [name, `offered four times the peak: ${what}`])),
  async run(bench) {
    const wanted = Object.keys(SIDES).filter((name) => bench.wants(name));
    await onOneServer(bench, {}, wanted.filter((name) => SIDES[name].disk_ms === undefined));
    for (const name of wanted.filter((each) => SIDES[each].disk_ms > 0)) {
      const settings = { LD_PRELOAD: bench.program("onhand-slow-disk.so"), SLOW_DISK_MS: SIDES[name].disk_ms };
      await onOneServer(bench, settings, [name]);
    }
  },
};
