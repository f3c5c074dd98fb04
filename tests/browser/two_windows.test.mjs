// The main job: an order in one window, the stock in every other. And what becomes of it when the page is loaded again
// in the middle of an order, or when the server is killed and comes back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addLine, assertNumber, cell, live, openWindow } from './support/browser.mjs';
import { closeStage, openStage } from './support/stage.mjs';

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage({ products: 250 })));
after(closeStage);

const placeOrder = (page) => page.getByRole('button', { name: 'Place order' }).click();

/** Where nothing may have loaded the page again: the mark is gone, or the count has risen, if something did. */
async function markPage({ page, watch }) {
  await page.evaluate(() => {
    window.neverLoadedAgain = true;
  });
  const { navigations } = watch;
  return async () => {
    assert.equal(await page.evaluate(() => window.neverLoadedAgain), true, 'the page was loaded again');
    assert.equal(watch.navigations, navigations, 'the page went elsewhere');
  };
}

test('an order placed in one window shows in the stock table of the other without a reload', async (t) => {
  const first = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  const second = await openWindow(t, browser, shop, { role: 'viewer' });
  await live(second.page);
  const assertNotLoadedAgain = await markPage(second);
  await assertNumber(cell(second.page, 'W-0003', 'available'), 100);

  await addLine(first.page, 'W-0003', 7);
  await addLine(first.page, 'W-0005', 2);
  await placeOrder(first.page);
  await first.page.getByRole('heading', { name: /^Order \d+/ }).waitFor();

  await assertNumber(cell(second.page, 'W-0003', 'available'), 93);
  await assertNumber(cell(second.page, 'W-0003', 'allocated'), 7);
  await assertNumber(cell(second.page, 'W-0003', 'on_hand'), 100);
  await assertNumber(cell(second.page, 'W-0005', 'available'), 98);
  await assertNumber(cell(second.page, 'W-0004', 'available'), 100, 'nothing else moved');
  await assertNotLoadedAgain();
});

test('fulfilling and cancelling in one window show in the table, the list and the order of the other', async (t) => {
  const order = await shop.order(['W-0010', 4]);
  const other = await shop.order(['W-0011', 6]);
  const first = await openWindow(t, browser, shop, { role: 'manager', path: `/orders/${order.id}` });
  const table = await openWindow(t, browser, shop, { role: 'viewer' });
  const list = await openWindow(t, browser, shop, { role: 'viewer', path: '/orders' });
  const detail = await openWindow(t, browser, shop, { role: 'clerk', path: `/orders/${order.id}` });
  for (const { page } of [table, list, detail]) await live(page);
  await assertNumber(cell(table.page, 'W-0010', 'available'), 96);

  await first.page.getByRole('button', { name: 'Fulfil' }).click();
  await first.page.getByRole('button', { name: 'Fulfil 4 units' }).click();
  await assertNumber(cell(table.page, 'W-0010', 'on_hand'), 96);
  await assertNumber(cell(table.page, 'W-0010', 'allocated'), 0);
  await list.page.getByRole('row').filter({ hasText: String(order.number) }).getByText('Fulfilled').waitFor();
  await detail.page.getByRole('main').getByText('Fulfilled').first().waitFor();
  assert.equal(await detail.page.getByRole('button', { name: 'Cancel order' }).count(), 0);

  await first.page.goto(`/orders/${other.id}`);
  await first.page.getByRole('button', { name: 'Cancel order' }).click();
  await first.page.getByRole('button', { name: 'Cancel the order' }).click();
  await assertNumber(cell(table.page, 'W-0011', 'available'), 100);
  await list.page.getByRole('row').filter({ hasText: String(other.number) }).getByText('Cancelled').waitFor();
});

test('a row far down the table is live once it is scrolled to', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'viewer' });
  await live(page);
  await page.getByRole('grid').evaluate((grid) => grid.scrollTo({ top: grid.scrollHeight }));
  await cell(page, 'W-0249', 'available').waitFor();
  await shop.order(['W-0249', 40]);
  await assertNumber(cell(page, 'W-0249', 'available'), 60);
});

test('a reload while the order is on its way to the server places it once', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  const held = Promise.withResolvers();
  await page.route('**/api/v1/orders', (route) => held.resolve(route), { times: 1 });
  await addLine(page, 'W-0020', 3);
  await placeOrder(page);
  await held.promise;
  assert.equal((await shop.ordersOf('W-0020')).length, 0, 'it has not arrived yet');
  await page.reload();
  await page.getByRole('heading', { name: /^Order \d+/ }).waitFor();
  assert.equal((await shop.ordersOf('W-0020')).length, 1);
  assert.equal((await shop.level('W-0020')).allocated, 3);
});

test('a reload while the answer is on its way back does not double the order', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  const answered = Promise.withResolvers();
  const fetchOnly = async (route) => answered.resolve(await route.fetch());
  await page.route('**/api/v1/orders', fetchOnly, { times: 1 });
  await addLine(page, 'W-0021', 3);
  await placeOrder(page);
  assert.equal((await answered.promise).status(), 201, 'the server has placed it, the page does not know');
  await page.reload();
  await page.getByText('It had arrived the first time; it is there once.').waitFor();
  const orders = await shop.ordersOf('W-0021');
  assert.equal(orders.length, 1);
  await page.getByRole('heading', { name: `Order ${orders[0].number}` }).waitFor();
  assert.equal((await shop.level('W-0021')).allocated, 3);
  await page.goto('/orders/new');
  await page.getByText('The order has no lines yet.').waitFor();
});

test('a lost answer is explained, and sending again does not double the order', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  const losing = async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  };
  await page.route('**/api/v1/orders', losing, { times: 1 });
  await addLine(page, 'W-0022', 5);
  await placeOrder(page);
  await page.getByRole('alert').getByText('cannot be placed twice').waitFor();
  assert.ok(await page.getByLabel(/^Quantity of/).isDisabled(), 'what was sent cannot be changed');
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('heading', { name: /^Order \d+/ }).waitFor();
  assert.equal((await shop.ordersOf('W-0022')).length, 1);
  assert.equal((await shop.level('W-0022')).allocated, 5);
});

test('two presses of the button are one order', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  await addLine(page, 'W-0023', 2);
  await page.getByRole('button', { name: 'Place order' }).dblclick();
  await page.getByRole('heading', { name: /^Order \d+/ }).waitFor();
  assert.equal((await shop.ordersOf('W-0023')).length, 1);
});

test('a server that is killed and comes back is recovered from without a reload', async (t) => {
  const window = await openWindow(t, browser, shop, { role: 'viewer' });
  const { page } = window;
  await live(page);
  await shop.order(['W-0006', 10]);
  await assertNumber(cell(page, 'W-0006', 'available'), 90);
  const assertNotLoadedAgain = await markPage(window);

  await shop.server.kill();
  await page.getByRole('banner').getByText('Reconnecting').waitFor();
  await page.getByRole('status').getByText('Connection lost.').waitFor();
  await assertNumber(cell(page, 'W-0006', 'available'), 90, 'the numbers stay on screen');

  await shop.server.launch();
  // Before the page is back: it has to fetch this, since no event will tell of it.
  await shop.order(['W-0007', 20]);
  await live(page);
  await assertNumber(cell(page, 'W-0007', 'available'), 80);
  await shop.order(['W-0006', 15]);
  await assertNumber(cell(page, 'W-0006', 'available'), 75);
  assert.equal(await page.getByText('Connection lost.').count(), 0);
  await assertNotLoadedAgain();
});

test('an order sent to a server that is gone is placed once when it is back', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  await addLine(page, 'W-0033', 4);
  await shop.server.kill();
  await placeOrder(page);
  await page.getByRole('alert').getByText('No answer from the server').waitFor();
  await shop.server.launch();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('heading', { name: /^Order \d+/ }).waitFor();
  assert.equal((await shop.ordersOf('W-0033')).length, 1);
  assert.equal((await shop.level('W-0033')).allocated, 4);
});
