// Writes X.br and X.gz beside every compressible file of dist/, so that the server only has to pick one.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt']);
const SMALLEST = 256; // below this size a compressed copy saves nothing

function filesUnder(folder) {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

let plain = 0;
let brotli = 0;
for (const path of filesUnder(DIST)) {
  const content = readFileSync(path);
  if (!COMPRESSIBLE.has(extname(path)) || content.length < SMALLEST) {
    continue;
  }
  const small = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  writeFileSync(`${path}.br`, small);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  plain += content.length;
  brotli += small.length;
}
console.log(`precompressed ${Math.round(plain / 1024)} KB to ${Math.round(brotli / 1024)} KB of brotli`);
