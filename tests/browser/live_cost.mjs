// What the live stock page costs the browser, by hand: node tests/browser/live_cost.mjs
// 200 changes a second for 5 seconds, a quarter of them on the first 40 of 2 000 rows, with the page open. Ends with 1
// when the main thread spent more than it may. Thread time is counted, not wall time, so that a busy machine disturbs
// little; yet it is a measurement of this machine, and therefore no test.

import { placeOrder } from '../support/stock.mjs';
import { cell, launch, live, number } from './support/browser.mjs';
import { emailOf, PASSWORD, Shop } from './support/shop.mjs';

const PRODUCTS = 2_000;
const CHANGES_PER_SECOND = 200;
const SECONDS = 5;
const HOT_ROWS = 40;
const SENT_AT_ONCE = 10;
const CPU_MS_PER_SECOND_MAX = 400;
const LONG_TASK_MS = 200;

const skuOf = (index) => `W-${String(index + 1).padStart(4, '0')}`;

/** Sends batches at fixed times; what a busy machine delays is caught up with. Returns the orders of the first row. */
async function change(client) {
  const batches = (CHANGES_PER_SECOND * SECONDS) / SENT_AT_ONCE;
  const started = performance.now();
  let sent = 0;
  let ofFirst = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    const wait = started + (batch * SENT_AT_ONCE * 1000) / CHANGES_PER_SECOND - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const orders = Array.from({ length: SENT_AT_ONCE }, () => {
      const index = sent % 4 === 0 ? (sent / 4) % HOT_ROWS : (sent * 7) % PRODUCTS;
      sent += 1;
      if (index === 0) ofFirst += 1;
      return placeOrder(client, [{ sku: skuOf(index), quantity: 1 }]);
    });
    await Promise.all(orders);
  }
  return { ofFirst, seconds: (performance.now() - started) / 1000 };
}

async function openMeasured(browser, shop) {
  const context = await browser.newContext({ baseURL: shop.origin, viewport: { width: 1440, height: 900 } });
  const headers = { 'X-Onhand-Client': 'web' };
  await context.request.post('/api/v1/auth/login', { data: { email: emailOf('viewer'), password: PASSWORD }, headers });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      window.longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)));
    }).observe({ type: 'longtask' });
  });
  await page.goto('/stock');
  await live(page);
  await cell(page, skuOf(0), 'available').waitFor();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const taskMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
  };
  await page.evaluate(() => {
    window.longTasks = [];
  });
  return { page, taskMs };
}

async function measure(browser, shop) {
  const { page, taskMs } = await openMeasured(browser, shop);
  const before = await taskMs();
  const { ofFirst, seconds } = await change(shop.clerk);
  const cpu = Math.round(((await taskMs()) - before) / seconds);
  await page.waitForFunction(
    ([sku, wanted]) => document.querySelector(`[data-sku="${sku}"] [data-column=available]`)?.textContent.endsWith(wanted),
    [skuOf(0), String(100 - ofFirst)],
  );
  const longTasks = await page.evaluate(() => window.longTasks);
  const rate = Math.round((CHANGES_PER_SECOND * SECONDS) / seconds);
  console.log(`${rate} changes/s for ${seconds.toFixed(1)} s; the first row shows ${await number(cell(page, skuOf(0), 'available'))}`);
  console.log(`main thread: ${cpu} ms of CPU per second (at most ${CPU_MS_PER_SECOND_MAX})`);
  const words = longTasks.length === 0 ? 'none' : longTasks.join(', ');
  console.log(`long tasks, in ms of wall time: ${words} (none over ${LONG_TASK_MS} is wanted)`);
  return cpu <= CPU_MS_PER_SECOND_MAX && longTasks.every((duration) => duration <= LONG_TASK_MS);
}

const shop = await Shop.open({ products: PRODUCTS });
const browser = await launch();
try {
  process.exitCode = (await measure(browser, shop)) ? 0 : 1;
} finally {
  await browser.close();
  await shop.close();
}
