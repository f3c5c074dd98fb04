// Fulfilling a part of an order: the numbers by line, what stays allocated, who sees it, and what happens when somebody
// else was quicker, when no answer comes, and without a mouse.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { assertNumber, cell, live, openWindow } from './support/browser.mjs';
import { closeStage, openStage } from './support/stage.mjs';

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage({ products: 30 })));
after(closeStage);

const units = (dialog, sku) => dialog.getByLabel(new RegExp(`^Units of ${sku} in MAIN`));
const numberOf = (page, sku, field) => page.getByRole('row').filter({ hasText: sku }).locator(`[data-field=${field}]`);

async function openDialog(page, order) {
  await page.getByRole('button', { name: 'Fulfil' }).click();
  return page.getByRole('dialog', { name: `Fulfil order ${order.number}` });
}

const fulfilElsewhere = async (order, ...lines) => {
  const body = { lines: lines.map(([sku, quantity]) => ({ sku, quantity })) };
  const answer = await shop.admin.post(`/api/v1/orders/${order.id}/fulfil`, body, { key: newKey() });
  assert.equal(answer.status, 200, answer.text);
};

test('a part of an order is fulfilled by line, the rest stays allocated, and every window shows it', async (t) => {
  const order = await shop.order(['W-0001', 5], ['W-0002', 3]);
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: `/orders/${order.id}` });
  const detail = await openWindow(t, browser, shop, { role: 'clerk', path: `/orders/${order.id}` });
  const stock = await openWindow(t, browser, shop, { role: 'viewer' });
  for (const window of [detail, stock]) await live(window.page);
  const dialog = await openDialog(page, order);
  assert.equal(await units(dialog, 'W-0001').inputValue(), '5', 'all that is left is offered');
  await units(dialog, 'W-0001').fill('2');
  await units(dialog, 'W-0002').fill('0');
  await dialog.getByRole('button', { name: 'Fulfil 2 units' }).click();
  await page.getByText(`2 units of order ${order.number} fulfilled`).waitFor();
  await dialog.waitFor({ state: 'detached' });

  for (const window of [page, detail.page]) {
    await assertNumber(numberOf(window, 'W-0001', 'fulfilled'), 2);
    await assertNumber(numberOf(window, 'W-0001', 'allocated'), 3);
    await assertNumber(numberOf(window, 'W-0002', 'allocated'), 3);
    await window.getByText('Partially fulfilled').waitFor();
    await window.getByText('2 of 8 units').waitFor();
  }
  await assertNumber(cell(stock.page, 'W-0001', 'on_hand'), 98);
  await assertNumber(cell(stock.page, 'W-0001', 'allocated'), 3);
  await assertNumber(cell(stock.page, 'W-0001', 'available'), 95, 'available does not change by it');

  const rest = await openDialog(page, order);
  assert.equal(await units(rest, 'W-0001').inputValue(), '3', 'what is left now is offered');
  await rest.getByRole('button', { name: 'Fulfil 6 units' }).click();
  await detail.page.getByText('Fulfilled', { exact: true }).first().waitFor();
  await detail.page.getByText('8 of 8 units').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Fulfil' }).count(), 0);
  assert.deepEqual(
    (await shop.ordersOf('W-0001'))[0].lines.map(({ allocated, fulfilled }) => [allocated, fulfilled]),
    [[0, 5], [0, 3]],
  );
});

test('it is done with the keyboard alone, and the focus comes back', async (t) => {
  const order = await shop.order(['W-0003', 9], ['W-0004', 2]);
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: `/orders/${order.id}` });
  const button = page.getByRole('button', { name: 'Fulfil' });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label')?.startsWith('Units of W-0003'));
  await page.keyboard.type('4');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowUp');
  assert.equal(await units(dialog, 'W-0004').inputValue(), '2', 'not more than what is left');
  await page.keyboard.type('1');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await assertNumber(numberOf(page, 'W-0003', 'fulfilled'), 3);
  await assertNumber(numberOf(page, 'W-0004', 'fulfilled'), 1);
  await page.waitForFunction(() => document.activeElement?.textContent === 'Fulfil');
});

test('more than what is left, or nothing, is not sent; Esc leaves everything as it was', async (t) => {
  const order = await shop.order(['W-0005', 4]);
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: `/orders/${order.id}` });
  let sent = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/fulfil')) sent += 1;
  });
  const dialog = await openDialog(page, order);
  await units(dialog, 'W-0005').fill('5');
  await dialog.getByText('Only 4 left.').waitFor();
  await page.keyboard.press('Enter');
  await units(dialog, 'W-0005').fill('0');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('Say how many leave now').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(sent, 0);
  assert.equal((await shop.level('W-0005')).allocated, 4);
});

test('who is slower sees at once what is left, is told by the server why not, and can go on', async (t) => {
  const order = await shop.order(['W-0006', 5]);
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: `/orders/${order.id}` });
  await live(page);
  const dialog = await openDialog(page, order);
  await units(dialog, 'W-0006').fill('4');
  // Held until somebody else was quicker: the page could not know.
  const held = Promise.withResolvers();
  await page.route('**/fulfil', (route) => held.resolve(route), { times: 1 });
  await dialog.getByRole('button', { name: 'Fulfil 4 units' }).click();
  const route = await held.promise;
  await fulfilElsewhere(order, ['W-0006', 3]);
  await route.continue();
  await dialog.getByRole('alert').getByText(`Order ${order.number} has only 2 of SKU W-0006 left to ship`).waitFor();
  await dialog.getByText('Only 2 left.').waitFor();
  assert.equal((await shop.level('W-0006')).allocated, 2, 'nothing of the refused one was taken');
  await units(dialog, 'W-0006').fill('1');
  await dialog.getByRole('button', { name: 'Fulfil 1 unit' }).click();
  await assertNumber(numberOf(page, 'W-0006', 'fulfilled'), 4);
  const again = await openDialog(page, order);
  await fulfilElsewhere(order, ['W-0006', 1]);
  await again.getByText('Nothing is left to fulfil').waitFor();
});

test('a lost answer: the same is sent again, and the units leave once', async (t) => {
  const order = await shop.order(['W-0007', 5]);
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: `/orders/${order.id}` });
  await live(page);
  const losing = async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  };
  await page.route('**/fulfil', losing, { times: 1 });
  const dialog = await openDialog(page, order);
  await units(dialog, 'W-0007').fill('2');
  await dialog.getByRole('button', { name: 'Fulfil 2 units' }).click();
  await dialog.getByRole('alert').getByText('it will not be done twice').waitFor();
  await page.keyboard.press('Escape');
  // The feed brings what the answer would have; the page still owes the server the same request.
  await assertNumber(numberOf(page, 'W-0007', 'fulfilled'), 2);
  await page.getByRole('button', { name: 'Fulfil' }).click();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText(`2 units of order ${order.number} fulfilled`).waitFor();
  assert.deepEqual((await shop.ordersOf('W-0007'))[0].lines[0].fulfilled, 2);
  assert.equal((await shop.level('W-0007')).on_hand, 98);
});

test('a busy server is told of, and asked again under the same key', async (t) => {
  const order = await shop.order(['W-0008', 1]);
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: `/orders/${order.id}` });
  const problem = { title: 'Busy', status: 503, code: 'busy', detail: 'Too much to do.' };
  const busy = (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) });
  const keys = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/fulfil')) keys.push(request.headers()['idempotency-key']);
  });
  await page.route('**/fulfil', busy, { times: 1 });
  const dialog = await openDialog(page, order);
  await dialog.getByRole('button', { name: 'Fulfil 1 unit' }).click();
  await dialog.getByRole('alert').getByText('Nothing was changed; try again in a moment.').waitFor();
  await dialog.getByRole('button', { name: 'Fulfil 1 unit' }).click();
  await page.getByText(`Order ${order.number} fulfilled`).waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
});
