// Products made and kept by hand: creating, editing, archiving; what the server has to say about it, and what happens
// when two people edit the same product.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNumber, cell, live, openWindow } from './support/browser.mjs';
import { closeStage, openStage } from './support/stage.mjs';

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage({ products: 30 })));
after(closeStage);

const productOf = async (sku) => (await shop.admin.get(`/api/v1/products/${encodeURIComponent(sku)}`)).json;
const field = (form, name) => form.getByRole('textbox', { name, exact: true });

async function openNew(page) {
  await page.getByRole('button', { name: 'New product' }).click();
  return page.getByRole('form', { name: 'New product' });
}

async function openEdit(page, sku) {
  await page.getByRole('dialog').getByRole('button', { name: 'Edit', exact: true }).click();
  return page.getByRole('form', { name: `Edit ${sku}` });
}

const changeElsewhere = async (sku, change) => {
  const { version } = await productOf(sku);
  const answer = await shop.admin.patch(`/api/v1/products/${sku}`, change, { ifMatch: `"${version}"` });
  assert.equal(answer.status, 200, answer.text);
};

test('a new product is created with its stock, shown, and appears in the other window', async (t) => {
  const other = await openWindow(t, browser, shop, { role: 'viewer' });
  await live(other.page);
  await cell(other.page, 'W-0001', 'on_hand').waitFor();
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  const form = await openNew(page);
  await page.waitForFunction(() => document.activeElement?.closest('form')?.ariaLabel === 'New product');
  await page.keyboard.type('A-LAMP 1/2');
  await field(form, 'Name').fill('Desk lamp “½” <b>');
  await form.getByLabel('Category').fill('Lighting');
  await field(form, 'Barcode').fill('0012345678905');
  await field(form, 'Price').fill('12,50');
  await field(form, 'Reorder point').fill('5');
  await field(form, 'Opening stock').fill('20');
  await form.getByRole('button', { name: 'Add an attribute' }).click();
  await page.keyboard.type('colour');
  await page.keyboard.press('Tab');
  await page.keyboard.type('red');
  await page.keyboard.press('Enter');
  const details = page.getByRole('dialog', { name: 'Desk lamp “½” <b>' });
  await details.getByText('€12.50').waitFor();
  await details.getByText('red', { exact: true }).waitFor();
  await assertNumber(details.getByRole('definition').first(), 20);

  await assertNumber(cell(other.page, 'A-LAMP 1/2', 'available'), 20, 'without a reload');
  const { name, category, barcode, unit_price, attributes, reorder_point } = await productOf('A-LAMP 1/2');
  assert.deepEqual({ name, category, barcode, unit_price, attributes, reorder_point }, {
    name: 'Desk lamp “½” <b>',
    category: 'Lighting',
    barcode: '0012345678905',
    unit_price: { amount: '12.50', currency: 'EUR' },
    attributes: { colour: 'red' },
    reorder_point: 5,
  });
  await page.keyboard.press('Escape');
  await page.getByLabel('Category').selectOption('Lighting');
  await page.getByText('1 stock level', { exact: true }).waitFor();
});

test('what is wrong with a new product is said by the server, beside each field', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  const form = await openNew(page);
  await field(form, 'SKU').fill('W-0001');
  await field(form, 'Price').fill('1.23456');
  await field(form, 'Currency').fill('E1');
  const create = form.getByRole('button', { name: 'Create product' });
  await create.click();
  await form.getByText('May not be empty.').waitFor();
  await form.getByText('Must be a decimal number').waitFor();
  await form.getByText('Must be three capital letters, like EUR.').waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true');
  await field(form, 'Name').fill('Again');
  await field(form, 'Price').fill('1.2345');
  await field(form, 'Currency').fill('usd');
  await create.click();
  await form.getByText('There is a product with the SKU W-0001 already.').waitFor();
  // What was typed is not lost by a key or a click beside it.
  await page.keyboard.press('Escape');
  await page.mouse.click(20, 400);
  assert.equal(await field(form, 'Name').inputValue(), 'Again');
  await field(form, 'SKU').fill('NEW-USD');
  await create.click();
  await page.getByRole('dialog', { name: 'Again' }).getByText('$1.2345').waitFor();
});

test('a new product whose answer was lost is there once', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  const losing = async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  };
  await page.route('**/api/v1/products', losing, { times: 1 });
  const form = await openNew(page);
  await field(form, 'SKU').fill('ONCE-1');
  await field(form, 'Name').fill('Once');
  await field(form, 'Opening stock').fill('3');
  await form.getByRole('button', { name: 'Create product' }).click();
  await form.getByRole('alert').getByText('it cannot be created twice').waitFor();
  assert.ok(await field(form, 'Name').isDisabled());
  await form.getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('dialog', { name: 'Once' }).getByText('Opening stock').waitFor();
  assert.equal((await shop.level('ONCE-1')).on_hand, 3);
});

test('an edit changes what was typed and nothing else, here and in the other window', async (t) => {
  await changeElsewhere('W-0002', { attributes: { colour: 'red', sizes: [1, 2.5, null], load: 150 }, barcode: '42' });
  const other = await openWindow(t, browser, shop, { role: 'viewer' });
  await live(other.page);
  await cell(other.page, 'W-0002', 'name').getByText('Widget 0002').waitFor();
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: '/stock?sku=W-0002' });
  const form = await openEdit(page, 'W-0002');
  await page.waitForFunction(() => document.activeElement?.closest('form')?.ariaLabel === 'Edit W-0002');
  await field(form, 'Name').fill('Widget, renamed');
  await field(form, 'Reorder point').fill('1000');
  await form.getByLabel('Value of attribute load, as JSON').fill('200');
  const patch = page.waitForRequest((request) => request.method() === 'PATCH');
  await page.keyboard.press('Enter');
  const sent = await patch;
  assert.deepEqual(sent.postDataJSON(), {
    name: 'Widget, renamed',
    attributes: { colour: 'red', sizes: [1, 2.5, null], load: 200 },
    reorder_point: 1000,
  });
  const details = page.getByRole('dialog', { name: 'Widget, renamed' });
  await details.getByText('Reorder point 1,000').waitFor();
  await details.getByText('Low', { exact: true }).waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent === 'Edit');
  await cell(other.page, 'W-0002', 'name').getByText('Widget, renamed').waitFor();
  await cell(other.page, 'W-0002', 'state').getByText('Low').waitFor();
  assert.equal((await productOf('W-0002')).barcode, '42');
});

test('two people edit the same product: who saves later sees what changed, and loses nothing', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: '/stock?sku=W-0003' });
  const form = await openEdit(page, 'W-0003');
  await field(form, 'Name').fill('Mine');
  await field(form, 'Barcode').fill('123');
  await changeElsewhere('W-0003', { name: 'Theirs', reorder_point: 77 });
  // Their change may come by the feed before the press or with its answer: neither may replace it unseen.
  await form.getByRole('button', { name: 'Save' }).click();
  const alert = form.getByRole('alert');
  await alert.getByText('Someone changed this product while you were editing').waitFor();
  await alert.getByRole('listitem').filter({ hasText: 'Name: Widget 0003 → Theirs' }).waitFor();
  await alert.getByRole('listitem').filter({ hasText: 'Reorder point: 10 → 77' }).waitFor();
  assert.equal(await field(form, 'Name').inputValue(), 'Mine', 'what was typed stays');
  assert.equal(await field(form, 'Reorder point').inputValue(), '77', 'what was not typed is theirs');
  assert.equal((await productOf('W-0003')).name, 'Theirs', 'nothing was overwritten unseen');
  await alert.getByRole('button', { name: 'Take theirs' }).click();
  assert.equal(await field(form, 'Name').inputValue(), 'Theirs');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog', { name: 'Theirs' }).getByText('123').waitFor();
  const { name, barcode, reorder_point } = await productOf('W-0003');
  assert.deepEqual([name, barcode, reorder_point], ['Theirs', '123', 77]);
});

test('a change that comes while one is editing is shown before anything is saved', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: '/stock?sku=W-0004' });
  await live(page);
  const form = await openEdit(page, 'W-0004');
  await changeElsewhere('W-0004', { category: 'Elsewhere' });
  await form.getByRole('alert').getByText('Elsewhere').waitFor();
  assert.equal(await form.getByLabel('Category').inputValue(), 'Elsewhere');
});

test('a product is archived when nothing is left of it and leaves every list, until it is restored', async (t) => {
  await shop.order(['W-0005', 2]);
  const other = await openWindow(t, browser, shop, { role: 'viewer', path: '/stock?search=W-000' });
  await live(other.page);
  await cell(other.page, 'W-0006', 'on_hand').waitFor();
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: '/stock?sku=W-0005' });
  const archive = page.getByRole('button', { name: 'Archive', exact: true });
  await archive.click();
  const refused = page.getByRole('dialog', { name: 'Archive W-0005?' });
  await refused.getByText('Still left: 100 on hand and 2 promised.').waitFor();
  assert.ok(await refused.getByRole('button', { name: 'Archive' }).isDisabled());
  // Esc closes the question and not the details behind it.
  await page.keyboard.press('Escape');
  await refused.waitFor({ state: 'detached' });
  await page.getByRole('dialog', { name: 'Widget 0005' }).waitFor();

  await page.goto('/stock?sku=W-0006');
  const card = page.getByRole('region', { name: 'Stock in MAIN' });
  await card.getByRole('button', { name: 'Adjust' }).click();
  await card.getByLabel('Change by').fill('-100');
  await card.getByLabel('Reason').selectOption({ label: 'Scrapped' });
  await card.getByRole('button', { name: 'Apply' }).click();
  await card.getByText('Out', { exact: true }).waitFor();
  await archive.click();
  await page.getByRole('dialog', { name: 'Archive W-0006?' }).getByRole('button', { name: 'Archive' }).click();
  await page.getByText('W-0006 archived').waitFor();
  await page.getByRole('dialog', { name: 'Widget 0006' }).waitFor({ state: 'detached' });
  await cell(page, 'W-0006', 'on_hand').waitFor({ state: 'detached' });
  await cell(other.page, 'W-0006', 'on_hand').waitFor({ state: 'detached' });
  await page.goto('/stock?sku=W-0006');
  await page.getByRole('dialog').getByText('Archived', { exact: true }).waitFor();
  assert.equal(await page.getByRole('dialog').getByRole('button', { name: 'Edit', exact: true }).count(), 0);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();

  await page.getByRole('button', { name: 'Archived', exact: true }).click();
  const archived = page.getByRole('dialog', { name: 'Archived products' });
  await archived.getByRole('button', { name: 'Restore W-0006' }).click();
  await page.getByText('W-0006 restored').waitFor();
  await archived.getByText('No product is archived.').waitFor();
  await cell(other.page, 'W-0006', 'on_hand').waitFor();
});
