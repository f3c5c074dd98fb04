// Makes the pictures of the README, by hand: node tests/browser/screenshot.mjs
// The demo, its stock page in light and in dark, at the moment in which an order placed elsewhere makes cells flash.

import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { placeOrder } from '../support/stock.mjs';
import { cell, launch, live } from './support/browser.mjs';
import { root, startEmpty } from './support/shop.mjs';

const FOLDER = join(root, 'docs/images');
const SIZE = { width: 1440, height: 900 };
const BYTES_MAX = 300_000;
/** How far into the flash: the arrow and the tint are both there. */
const FLASH_AT_MS = 60;

/** So many rows flash, each of a product that has some to spare. */
const FLASHING_ROWS = 4;
const SPARE_MIN = 3;

async function untilFilled(client) {
  for (;;) {
    const { json } = await client.get('/api/v1/orders?limit=1&offset=0');
    if (json.total >= 200) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function shoot(browser, server, client, scheme, file) {
  const context = await browser.newContext({ baseURL: server.origin, viewport: SIZE, colorScheme: scheme, locale: 'en-US' });
  const page = await context.newPage();
  await page.goto('/');
  await page.getByRole('button', { name: 'Sign in with the demo account' }).click();
  await live(page);
  await page.getByText(/stock levels/).waitFor();
  await page.locator('[data-row="20"][data-sku]').waitFor();
  const rows = await page
    .locator('[role=row][data-sku]')
    .evaluateAll((all) =>
      all.map((row) => [row.dataset.sku, Number(row.querySelector('[data-column=available]').textContent)]),
    );
  const spare = rows.slice(2, 17).filter(([, available]) => available >= SPARE_MIN);
  const skus = spare.filter((_, index) => index % 2 === 0).slice(0, FLASHING_ROWS).map(([sku]) => sku);
  const flashing = page.waitForFunction(
    ([count, at]) => {
      const animations = document.getAnimations().filter(({ effect }) => effect?.target?.closest('[role=gridcell]'));
      for (const animation of animations) {
        animation.pause();
        animation.currentTime = at;
      }
      return animations.length >= count * 4;
    },
    [skus.length, FLASH_AT_MS],
  );
  // When the order is refused, that is the error to tell of.
  flashing.catch(() => {});
  await placeOrder(client, skus.map((sku, index) => ({ sku, quantity: 1 + (index % 2) })));
  await flashing;
  await cell(page, skus[1], 'available').click();
  const path = join(FOLDER, file);
  await page.screenshot({ path, animations: 'allow' });
  await context.close();
  const { size } = statSync(path);
  if (size > BYTES_MAX) throw new Error(`${path} has ${size} bytes, more than ${BYTES_MAX}`);
  console.log(`${path}: ${size} bytes`);
}

mkdirSync(FOLDER, { recursive: true });
const server = await startEmpty('--demo');
const browser = await launch();
try {
  const { json } = await server.client().get('/api/v1/auth/status');
  const client = await server.signIn(json.demo.email, json.demo.password);
  await untilFilled(client);
  await shoot(browser, server, client, 'light', 'stock.png');
  await shoot(browser, server, client, 'dark', 'stock-dark.png');
} finally {
  await browser.close();
  await server.dispose();
}
