// Lists asked for one after the other on one connection, as one person would who looks at everything; each is timed.

import { Agent, get } from "node:http";

export const quantile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * share)];

// Every kind of stock page: {name: path}. `words` are for the search, `sku` is the name of one product.
export function stockPages({ search, words, sku, category }) {
  const sorts = ["name", "category", "on_hand", "held", "allocated", "available", "updated_at"];
  const falling = ["-sku", "-name", "-on_hand", "-allocated", "-available", "-updated_at"];
  const queries = {
    plain: "",
    "plain deep": "offset=700000",
    ...Object.fromEntries([...sorts, ...falling].map((sort) => [sort, `sort=${sort}`])),
    "-available deep": "sort=-available&offset=500000",
    "-updated_at deep": "sort=-updated_at&offset=500000",
    "name deep": "sort=name&offset=500000",
    "search word": `search=${search}`,
    "search words": `search=${words}`,
    "search sku": `search=${sku}`,
    "search letter": "search=e",
    "search pair": `search=${search.slice(0, 2)}`,
    "search by -available": `search=${search}&sort=-available`,
    "search deep": `search=${search}&offset=40000`,
    category: `category=${category}`,
    "category by available": `category=${category}&sort=available`,
    location: "location=MAIN",
    "location deep": "location=MAIN&offset=700000",
    low: "state=low",
    out: "state=out",
    "out by -updated_at": "state=out&sort=-updated_at",
    "in deep": "state=in&offset=600000&sort=-on_hand",
  };
  return Object.fromEntries(Object.entries(queries).map(([name, query]) => [name, `/api/v1/stock?limit=100&${query}`]));
}

// Asks for all `paths` in turn, over and over. Resolves to {name: [milliseconds]}, the first turn apart.
export async function askInTurn(server, paths, seconds) {
  const times = Object.fromEntries(Object.keys(paths).map((name) => [name, []]));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { Authorization: `Bearer ${server.token}` };
  const ask = (path) =>
    new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port: server.port, path, agent, headers }, (response) => {
        response.resume();
        response.on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`${path}: ${response.statusCode}`))));
      }).on("error", reject);
    });
  const end = performance.now() + seconds * 1000;
  for (let turn = 0; turn < 2 || performance.now() < end; turn++) {
    for (const [name, path] of Object.entries(paths)) {
      const begun = performance.now();
      await ask(path);
      if (turn > 0) times[name].push(performance.now() - begun);
    }
  }
  agent.destroy();
  return times;
}

// The dearest of `times` by their p99, beside the p50 of `idle`, as a text.
export function tellDearest(times, idle) {
  const each = Object.entries(times).map(([name, list]) => ({ name, p99: quantile(list, 0.99), p50: quantile(idle[name], 0.5) }));
  each.sort((a, b) => b.p99 - a.p99);
  return each
    .slice(0, 12)
    .map(({ name, p99, p50 }) => `${name} ${p99.toFixed(1)} (${p50.toFixed(1)})`)
    .join(", ");
}
