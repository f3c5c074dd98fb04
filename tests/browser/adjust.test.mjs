// Adjusting stock in place: with a reason, taken back by a movement the other way, and explained when it cannot be.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNumber, cell, live, openWindow } from './support/browser.mjs';
import { closeStage, openStage } from './support/stage.mjs';

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage({ products: 20 })));
after(closeStage);

async function openForm(page, sku) {
  await cell(page, sku, 'on_hand').dblclick();
  return page.getByRole('form', { name: `Adjust ${sku} in MAIN` });
}

async function fill(form, delta, reason) {
  await form.getByLabel('Change by').fill(delta);
  await form.getByLabel('Reason').selectOption({ label: reason });
}

const apply = (form) => form.getByRole('button', { name: 'Apply' }).click();

test('+5 with a reason is booked, shown everywhere, and taken back from the message', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  const other = await openWindow(t, browser, shop, { role: 'viewer' });
  await live(other.page);
  const form = await openForm(page, 'W-0001');
  await fill(form, '+5', 'Received');
  await form.getByText('On hand 100 → 105, available 100 → 105').waitFor();
  await apply(form);
  await assertNumber(cell(page, 'W-0001', 'on_hand'), 105);
  await assertNumber(cell(other.page, 'W-0001', 'available'), 105);
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).click();
  await assertNumber(cell(page, 'W-0001', 'on_hand'), 100);
  await assertNumber(cell(other.page, 'W-0001', 'available'), 100);

  const [back, forth] = await shop.movementsOf('W-0001');
  assert.equal(forth.delta, 5);
  assert.equal(forth.reason, 'received');
  assert.equal(back.delta, -5, 'a movement the other way, and nothing is deleted');
  assert.equal(back.reason, 'undo');
  await page.getByRole('button', { name: 'Widget 0001' }).click();
  await page.getByRole('dialog').getByText('Takes back +5').waitFor();
});

test('Ctrl+Z takes back one adjustment after the other', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  for (const [sku, wanted] of [
    ['W-0002', 103],
    ['W-0003', 103],
  ]) {
    const form = await openForm(page, sku);
    await fill(form, '3', 'Found');
    await apply(form);
    await assertNumber(cell(page, sku, 'on_hand'), wanted);
    await form.waitFor({ state: 'detached' });
  }
  await page.keyboard.press('Control+z');
  await assertNumber(cell(page, 'W-0003', 'on_hand'), 100);
  await assertNumber(cell(page, 'W-0002', 'on_hand'), 103);
  await page.keyboard.press('Control+z');
  await assertNumber(cell(page, 'W-0002', 'on_hand'), 100);
  await page.keyboard.press('Control+z');
  assert.equal((await shop.movementsOf('W-0002')).length, 3, 'opening stock, there and back');
});

test('what is missing in the form is said beside the field', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  const form = await openForm(page, 'W-0004');
  await apply(form);
  await form.getByText('How many? For example +5 or -3.').waitFor();
  await form.getByText('Choose a reason.').waitFor();
  await fill(form, '1.5', 'Counted');
  await form.getByText('A whole number with its sign').waitFor();
  await fill(form, '-2', 'Other (with a note)');
  await form.getByText('Say in a few words what happened.').waitFor();
  await form.getByLabel('Note').fill('fell off the shelf');
  await apply(form);
  await assertNumber(cell(page, 'W-0004', 'on_hand'), 98);
  const [last] = await shop.movementsOf('W-0004');
  assert.equal(last.note, 'fell off the shelf');
});

test('an edit that became stale while it was typed is explained, and the numbers on screen are the true ones', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  await live(page);
  const form = await openForm(page, 'W-0005');
  await fill(form, '-80', 'Damaged');
  await form.getByText('available 100 → 20').waitFor();
  await shop.order(['W-0005', 50]);
  await form.getByText('That is more than is available.').waitFor();
  await apply(form);
  await form.getByRole('alert').getByText('promised to orders').waitFor();
  await form.getByRole('alert').getByText('At most 50 can be taken.').waitFor();
  await assertNumber(cell(page, 'W-0005', 'on_hand'), 100);
  await assertNumber(cell(page, 'W-0005', 'available'), 50);
  await form.getByLabel('Change by').fill('-50');
  await apply(form);
  await assertNumber(cell(page, 'W-0005', 'available'), 0);
  await cell(page, 'W-0005', 'state').getByText('Out').waitFor();
});

test('an adjustment is shown at once and put right when the server refuses it', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  await live(page);
  const held = Promise.withResolvers();
  await page.route('**/stock/adjustments', (route) => held.resolve(route), { times: 1 });
  const form = await openForm(page, 'W-0006');
  await fill(form, '-60', 'Missing');
  await apply(form);
  await assertNumber(cell(page, 'W-0006', 'on_hand'), 40, 'before the answer');
  await shop.order(['W-0006', 70]);
  await (await held.promise).continue();
  await form.getByRole('alert').getByText('promised to orders').waitFor();
  await assertNumber(cell(page, 'W-0006', 'on_hand'), 100);
  await assertNumber(cell(page, 'W-0006', 'available'), 30);
});

test('an adjustment whose answer was lost is booked once when it is applied again', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  const losing = async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  };
  await page.route('**/stock/adjustments', losing, { times: 1 });
  const form = await openForm(page, 'W-0007');
  await fill(form, '+4', 'Found');
  await apply(form);
  await form.getByRole('alert').getByText('it will not be booked twice').waitFor();
  await apply(form);
  await form.waitFor({ state: 'detached' });
  await assertNumber(cell(page, 'W-0007', 'on_hand'), 104);
  assert.equal((await shop.level('W-0007')).on_hand, 104);
});

test('the details of a product are live, and adjust too', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  await live(page);
  await page.getByRole('button', { name: 'Widget 0008' }).click();
  const drawer = page.getByRole('dialog', { name: 'Widget 0008' });
  const card = drawer.getByRole('region', { name: 'Stock in MAIN' });
  const available = card.getByRole('definition').first();
  await assertNumber(available, 100);
  await shop.order(['W-0008', 9]);
  await assertNumber(available, 91);
  await drawer.getByText('Allocated', { exact: true }).nth(1).waitFor();
  await card.getByRole('button', { name: 'Adjust' }).click();
  const form = card.getByRole('form');
  await fill(form, '+1', 'Found');
  await apply(form);
  await assertNumber(available, 92);
  await drawer.getByRole('listitem').filter({ hasText: 'Found' }).waitFor();
});
