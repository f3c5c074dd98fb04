// What the page says of several instances: the page of the locks, and the notice while the server does without its Redis.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, live, openWindow } from './support/browser.mjs';
import { closeStage, openStage } from './support/stage.mjs';

const LOCKS = '**/api/v1/admin/locks?*';
const ASK_EVERY_MS = 15_000;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage()));
after(closeStage);

async function assertFits(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${what} is ${wide} px wider than the screen`);
}

/** Three locks, one of them wanted by many, as a server among several would list them. */
const someLocks = {
  mode: 'redis',
  items: [
    {
      sku: 'CHAIR-OAK-0001',
      owner: 'shop1-40.0.3f9c2a35bf3488e3',
      held_ms: 12,
      lease_left_ms: 1988,
      waiting: ['shop2-31.1.81be0781cbcd3fb2', 'shop2-31.0.81be0781cbcd3fb2', 'shop3-7.0.c0ffee81cbcd3fb2'],
    },
    { sku: 'LAMP-1', owner: 'shop2-31.1.81be0781cbcd3fb2', held_ms: 4, lease_left_ms: 1996, waiting: [] },
    { sku: 'TABLE-7', owner: 'shop3-7.0.c0ffee81cbcd3fb2', held_ms: 2150, lease_left_ms: 830, waiting: ['shop1-40.1.3f9c2a35bf3488e3'] },
  ],
  totals: { acquired: 120_481, refused: 1_402, handed_over: 977, away: 0 },
};

test('an administrator finds the locks, and reads that a server alone has none', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'admin' });
  await live(page);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Locks' }).click();
  await page.getByRole('heading', { name: 'Locks', level: 1 }).waitFor();
  await page.getByText('Not in use').waitFor();
  await page.getByText('Product locks are used when several instances share a PostgreSQL and a Redis.').waitFor();
  await page.getByText('Locks are for speed only').waitFor();
  assert.equal(await page.getByRole('table').count(), 0);
  await assertAccessible(page, 'no locks');
});

for (const role of ['clerk', 'manager']) {
  test(`a ${role} is not offered the locks, and does not get them by their address`, async (t) => {
    const { page } = await openWindow(t, browser, shop, { role });
    await live(page);
    assert.equal(await page.getByRole('link', { name: 'Locks' }).count(), 0);
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto('/locks');
    await page.getByText('Not for your role').waitFor();
    await live(page);
    assert.ok(asked.includes('/api/v1/auth/me'), 'the requests are seen');
    assert.ok(!asked.includes('/api/v1/admin/locks'), 'nothing is asked that would be refused');
    const response = await page.request.get('/api/v1/admin/locks');
    assert.equal(response.status(), 403);
  });
}

for (const [what, options] of [['a large screen', {}], ['a phone', PHONE]]) {
  test(`locks that are held can be read on ${what}, and follow what happens`, async (t) => {
    const { page } = await openWindow(t, browser, shop, { role: 'admin', path: null, ...options });
    let answer = someLocks;
    await page.route(LOCKS, (route) => route.fulfill({ json: answer }));
    await page.goto('/locks');
    const row = page.getByRole('row').filter({ hasText: 'CHAIR-OAK-0001' });
    await row.waitFor();
    assert.deepEqual(await row.getByRole('listitem').allInnerTexts(), someLocks.items[0].waiting);
    assert.equal(await page.getByRole('row').count(), 4, 'the heading and three locks');
    await page.getByRole('term').filter({ hasText: 'Handed over' }).waitFor();
    await assertFits(page, 'the locks');
    await assertAccessible(page, 'held locks');
    answer = { ...someLocks, items: [] };
    await page.getByText('No product is locked at this moment').waitFor();
  });
}

test('while the server does without its Redis the page says so, calmly, and stops by itself', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: null });
  await page.clock.install();
  let redis = 'degraded';
  await page.route('**/readyz', (route) =>
    route.fulfill({ json: { status: 'ok', checks: { database: 'ok', engine: 'ok', redis } } }),
  );
  await page.goto('/orders');
  await live(page);
  // The page itself is loaded behind its frame.
  await page.getByRole('heading', { name: 'Orders', level: 1 }).waitFor();
  const notice = page.getByRole('status').filter({ hasText: 'Orders go on and are right' });
  await notice.waitFor();
  await assertAccessible(page, 'the notice');
  await page.setViewportSize(PHONE.viewport);
  await assertFits(page, 'the notice');
  redis = 'ok';
  await page.clock.runFor(ASK_EVERY_MS);
  await notice.waitFor({ state: 'detached' });
});

test('a server that is alone is ready, and the page says nothing of it', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: null });
  const answered = page.waitForResponse('**/readyz');
  await page.goto('/orders');
  const response = await answered;
  assert.equal(response.status(), 200);
  assert.equal('redis' in (await response.json()).checks, false);
  await live(page);
  assert.equal(await page.getByText('Orders go on and are right').count(), 0);
});
