// axe over every page and what opens on it, in light and in dark.

import { after, before, test } from 'node:test';
import { assertAccessible, cell, live, openWindow } from './support/browser.mjs';
import { startEmpty } from './support/shop.mjs';
import { closeStage, openStage } from './support/stage.mjs';

const BAD_CSV = 'sku,name,quantity\nC-1,Fine,5\nC-2,Not fine,many\n';

let shop;
let browser;
let order;
before(async () => {
  ({ shop, browser } = await openStage({ products: 60 }));
  await shop.import([
    ['A-OUT', 'None left', 'Parts', 0, 5],
    ['A-LOW', 'A few left', 'Tools', 3, 5],
    ['A-OLD', 'Sold off', 'Tools', 0, 0],
  ]);
  order = await shop.order(['W-0001', 2], ['W-0002', 3]);
  await shop.order(['W-0003', 1]);
});
after(closeStage);

/** The pages, each with the steps to the state that is looked at. */
const pages = [
  {
    name: 'stock, with an adjustment that is not right yet, and its messages',
    path: '/stock',
    async steps(page) {
      await cell(page, 'A-OUT', 'state').getByText('Out').waitFor();
      await assertAccessible(page, 'the stock table');
      await cell(page, 'W-0004', 'on_hand').dblclick();
      const form = page.getByRole('form', { name: /^Adjust/ });
      await form.getByRole('button', { name: 'Apply' }).click();
      await form.getByText('Choose a reason.').waitFor();
      await assertAccessible(page, 'the adjust form with mistakes');
      await form.getByLabel('Change by').fill('+1');
      await form.getByLabel('Reason').selectOption('found');
      await form.getByRole('button', { name: 'Apply' }).click();
      await page.getByRole('button', { name: 'Undo' }).hover();
    },
  },
  {
    name: 'stock with the menus open',
    path: '/stock',
    async steps(page) {
      await cell(page, 'W-0001', 'sku').waitFor();
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByLabel('Incoming').waitFor();
      await assertAccessible(page, 'the column menu');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /account of/ }).click();
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      await assertAccessible(page, 'the account menu');
      await page.getByRole('button', { name: /Keyboard shortcuts/ }).click();
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    },
  },
  {
    name: 'the details of a product',
    path: '/stock?sku=W-0001',
    steps: (page) => page.getByRole('dialog').getByText('Allocated').last().waitFor(),
  },
  { name: 'a search without result', path: '/stock?search=nothing', steps: (page) => page.getByText('Nothing matches').waitFor() },
  { name: 'orders', path: '/orders', steps: (page) => page.getByRole('link', { name: String(order.number) }).waitFor() },
  {
    name: 'a new product, and what is wrong with it',
    path: '/stock',
    async steps(page) {
      await page.getByRole('button', { name: 'New product' }).click();
      const form = page.getByRole('form', { name: 'New product' });
      await form.getByRole('button', { name: 'Add an attribute' }).click();
      await assertAccessible(page, 'the form for a new product');
      await form.getByLabel('Price').fill('dear');
      await form.getByRole('button', { name: 'Create product' }).click();
      await form.getByText('May not be empty.').waitFor();
    },
  },
  {
    name: 'a product that is edited by two',
    path: '/stock?sku=W-0005',
    async steps(page) {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      const form = page.getByRole('form', { name: 'Edit W-0005' });
      await form.getByRole('textbox', { name: 'Name', exact: true }).fill('Mine');
      await assertAccessible(page, 'the form for a product');
      await shop.admin.patch('/api/v1/products/W-0005', { name: 'Theirs' }, { ifMatch: '"1"' });
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByRole('button', { name: 'Take theirs' }).waitFor();
    },
  },
  {
    name: 'archiving a product, and the list of what is archived',
    path: '/stock?sku=A-OLD',
    async steps(page) {
      await page.getByRole('button', { name: 'Archive', exact: true }).click();
      const question = page.getByRole('dialog', { name: 'Archive A-OLD?' });
      await question.waitFor();
      await assertAccessible(page, 'the question before a product is archived');
      await question.getByRole('button', { name: 'Archive' }).click();
      await question.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Archived', exact: true }).click();
      await page.getByRole('button', { name: 'Restore A-OLD' }).waitFor();
    },
  },
  {
    name: 'fulfilling an order, more than there is of it, and without an answer',
    path: () => `/orders/${order.id}`,
    async steps(page) {
      await page.getByRole('button', { name: 'Fulfil' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Fulfil 5 units' }).waitFor();
      await assertAccessible(page, 'the form to fulfil an order');
      await dialog.getByLabel(/^Units of W-0001/).fill('9');
      await dialog.getByText('Only 2 left.').waitFor();
      await assertAccessible(page, 'the form to fulfil an order, with a mistake');
      await page.route('**/fulfil', (route) => route.abort('connectionreset'), { times: 1 });
      await dialog.getByLabel(/^Units of W-0001/).fill('1');
      await dialog.getByRole('button', { name: 'Fulfil 4 units' }).click();
      await dialog.getByRole('button', { name: 'Send again' }).waitFor();
    },
  },
  {
    name: 'an order, and the question before it is cancelled',
    path: () => `/orders/${order.id}`,
    async steps(page) {
      await page.getByRole('heading', { name: /^Order/ }).waitFor();
      await assertAccessible(page, 'an order');
      await page.getByRole('button', { name: 'Cancel order' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'a new order with the search open, then short of stock and refused',
    path: '/orders/new',
    async steps(page) {
      await page.getByLabel('Add a product').pressSequentially('Widget 000');
      await page.getByRole('option').first().waitFor();
      await assertAccessible(page, 'the search of the order form');
      await page.getByLabel('Add a product').fill('A-LOW');
      await page.keyboard.press('Enter');
      await page.getByLabel(/^Quantity of/).fill('9');
      await page.getByText('Only 3 available').waitFor();
      await page.getByRole('button', { name: 'Place order' }).click();
      await page.getByText('Not enough stock: nothing was taken').waitFor();
    },
  },
  {
    name: 'import, empty and with the report of a file',
    path: '/import',
    async steps(page) {
      await page.getByText('Drop a CSV file here').waitFor();
      await assertAccessible(page, 'import without a file');
      await page.getByLabel('CSV file').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(BAD_CSV) });
      await page.getByRole('region', { name: 'Rows with errors' }).waitFor();
    },
  },
  {
    name: 'users, with the form for a new one',
    path: '/users',
    async steps(page) {
      await page.getByText('(you)').waitFor();
      await page.getByRole('button', { name: 'New user' }).click();
      await page.getByLabel('First password').waitFor();
    },
  },
  { name: 'an address that leads nowhere', path: '/nowhere', steps: (page) => page.getByText('no such page').waitFor() },
];

for (const { name, path, steps } of pages) {
  test(`${name}: nothing for axe to find in light or dark`, async (t) => {
    const where = typeof path === 'function' ? path() : path;
    const { page } = await openWindow(t, browser, shop, { role: 'admin', path: where });
    await live(page);
    await steps(page);
    await assertAccessible(page, name);
  });
}

test('signing in, refused too, and the first account: nothing for axe to find in light or dark', async (t) => {
  const { page } = await openWindow(t, browser, shop, { path: '/' });
  await page.getByLabel('Email').fill('nobody@example.com');
  await page.getByLabel('Password', { exact: true }).fill('wrong password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await assertAccessible(page, 'sign-in');

  const empty = await startEmpty();
  t.after(() => empty.dispose());
  const first = await openWindow(t, browser, empty, { path: '/' });
  await first.page.getByRole('heading', { name: 'Create the first account' }).waitFor();
  await assertAccessible(first.page, 'the first account');
});

test('a number that changes right now can be read in light and dark', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'viewer' });
  await live(page);
  await cell(page, 'W-0007', 'available').waitFor();
  // The flash is held where it is strongest, so that axe measures just that.
  const flashing = page.waitForFunction(() => {
    const animations = document.getAnimations().filter(({ effect }) => effect?.target?.closest('[role=gridcell]'));
    for (const animation of animations) {
      animation.pause();
      animation.currentTime = 0;
    }
    return animations.length >= 8;
  });
  await shop.order(['W-0007', 1], ['W-0008', 1]);
  await flashing;
  await assertAccessible(page, 'flashing cells');
});
