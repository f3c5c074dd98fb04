// Fails when what the first route loads grows past its budget. Run after `npm run build`.
// The first route is the stock table: the entry, the chunks of the stock page and the live connection.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const FIRST_ROUTE = [
  'index.html',
  'src/features/stock/StockPage.tsx',
  'node_modules/socket.io-client/build/esm/index.js',
];
const BUDGET = { js: 230 * 1024, css: 25 * 1024 };

const manifest = JSON.parse(readFileSync(`${DIST}.vite/manifest.json`, 'utf8'));
const scripts = new Set();
const styles = new Set();

function collect(key) {
  const chunk = manifest[key];
  if (!chunk) {
    throw new Error(`no chunk named ${key}: has the file moved?`);
  }
  if (scripts.has(chunk.file)) {
    return;
  }
  scripts.add(chunk.file);
  for (const style of chunk.css ?? []) {
    styles.add(style);
  }
  for (const imported of chunk.imports ?? []) {
    collect(imported);
  }
}

for (const key of FIRST_ROUTE) {
  collect(key);
}
const gzipped = (files) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(DIST + file), { level: 9 }).length, 0);
const sizes = { js: gzipped(scripts), css: gzipped(styles) };
let failed = false;
for (const [kind, bytes] of Object.entries(sizes)) {
  const over = bytes > BUDGET[kind];
  failed ||= over;
  console.log(
    `${over ? 'FAIL' : 'ok  '} first route, ${kind}: ${(bytes / 1024).toFixed(1)} KB gzip of ${BUDGET[kind] / 1024} KB`,
  );
}
process.exit(failed ? 1 : 0);
