// What the other pages do: shortages, imports, roles, a small screen; and what the page must never do.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addLine, assertNumber, cell, live, openWindow } from './support/browser.mjs';
import { PASSWORD } from './support/shop.mjs';
import { closeStage, openStage } from './support/stage.mjs';

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage({ products: 150 })));
after(closeStage);

const choose = (page, name, text) =>
  page.getByLabel('CSV file').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

test('a shortage is explained while the order is written, live, and one press takes what there is', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  await live(page);
  const row = await addLine(page, 'W-0001', 60);
  await row.getByText('100').waitFor();
  assert.equal(await row.getByText(/Only/).count(), 0);
  await shop.order(['W-0001', 70]);
  await row.getByText('Only 30 available: 30 too many.').waitFor();
  await row.getByRole('button', { name: 'Take 30' }).click();
  assert.equal(await row.getByLabel(/^Quantity of/).inputValue(), '30');
  await page.getByRole('button', { name: 'Place order' }).click();
  await page.getByRole('heading', { name: /^Order \d+/ }).waitFor();
  assert.equal((await shop.level('W-0001')).available, 0);
});

test('an order that is short is refused as a whole, each shortage is named, and it can be mended', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  await addLine(page, 'W-0002', 5);
  const second = await addLine(page, 'W-0003', 101);
  await addLine(page, 'W-0004', 250);
  await page.getByRole('button', { name: 'Place order' }).click();
  const alert = page.getByRole('alert').filter({ hasText: 'Not enough stock: nothing was taken' });
  await alert.getByText('W-0003 in MAIN: 101 wanted, 100 available').waitFor();
  await alert.getByText('W-0004 in MAIN: 250 wanted, 100 available').waitFor();
  assert.equal(await alert.getByText('W-0002').count(), 0);
  assert.equal((await shop.level('W-0002')).allocated, 0, 'all lines or none');
  await second.getByRole('button', { name: 'Take 100' }).click();
  await page.getByRole('button', { name: 'Remove Widget 0004' }).click();
  await page.getByRole('button', { name: 'Place order' }).click();
  await page.getByRole('heading', { name: /^Order \d+/ }).waitFor();
  assert.equal((await shop.level('W-0003')).available, 0);
  assert.equal((await shop.level('W-0004')).available, 100);
});

test('a SKU that does not exist is said, and the order being written survives a reload', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', path: '/orders/new' });
  await page.getByLabel('Add a product').fill('NO-SUCH');
  await page.keyboard.press('Enter');
  await page.getByText('There is no product with the SKU “NO-SUCH”.').waitFor();
  await addLine(page, 'W-0005', 4);
  await page.getByLabel('Customer').fill('Miller & Sons');
  await page.reload();
  assert.equal(await page.getByLabel(/^Quantity of/).inputValue(), '4');
  assert.equal(await page.getByLabel('Customer').inputValue(), 'Miller & Sons');
  assert.equal((await shop.ordersOf('W-0005')).length, 0);
});

test('a file with bad rows is shown row by row, changes nothing, and can be applied in part', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: '/import' });
  const rows = ['I-1,First,5', 'I-2,Second,many', ',Third,1', '"I-4","=cmd|\'/c calc\'!A1",7'];
  await choose(page, 'delivery.csv', ['sku,name,quantity', ...rows].join('\n'));
  const errors = page.getByRole('region', { name: 'Rows with errors' });
  await errors.getByRole('row', { name: /^3 quantity/ }).waitFor();
  await errors.getByRole('row', { name: /^4 sku/ }).waitFor();
  assert.equal(await errors.getByRole('row').count(), 3, 'the heading and two rows');
  await page.getByText('Nothing has been changed yet.').waitFor();
  const before = await shop.admin.get('/api/v1/products/I-1');
  assert.equal(before.status, 404);
  const apply = page.getByRole('button', { name: 'Import 2 rows' });
  assert.ok(await apply.isDisabled());
  await page.getByLabel('Leave out the rows with errors and import the rest').check();
  await apply.click();
  await page.getByText('2 products created').waitFor();
  await page.getByRole('link', { name: 'To the stock', exact: true }).click();
  await assertNumber(cell(page, 'I-1', 'on_hand'), 5);
  await cell(page, 'I-4', 'name').getByText("=cmd|'/c calc'!A1").waitFor();
});

test('a file without mistakes is applied whole, and shows live in another window', async (t) => {
  const other = await openWindow(t, browser, shop, { role: 'viewer', path: '/stock?search=J-' });
  await other.page.getByText('Nothing matches').waitFor();
  await live(other.page);
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: '/import' });
  await choose(page, 'new.csv', 'sku,name,quantity\nJ-1,One,11\nJ-2,Two,12\n');
  await page.getByRole('button', { name: 'Import 2 rows' }).click();
  await page.getByText('2 products created').waitFor();
  await other.page.getByRole('searchbox').fill('J-1');
  await assertNumber(cell(other.page, 'J-1', 'available'), 11);
});

test('a file that is no CSV of products is refused in words', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager', path: '/import' });
  await choose(page, 'photo.csv', '\u0000\u0001\u0002 not a table');
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Import \d/ }).count(), 0);
});

const MAY = {
  viewer: { 'New order': false, Import: false, Users: false, manage: false },
  clerk: { 'New order': true, Import: false, Users: false, manage: false },
  manager: { 'New order': true, Import: true, Users: false, manage: true },
  admin: { 'New order': true, Import: true, Users: true, manage: true },
};

for (const [role, may] of Object.entries(MAY)) {
  test(`a ${role} is offered what a ${role} may do, and nothing else`, async (t) => {
    const order = await shop.order(['W-0009', 1]);
    const { page } = await openWindow(t, browser, shop, { role });
    await cell(page, 'W-0010', 'on_hand').waitFor();
    const banner = page.getByRole('banner');
    for (const name of ['New order', 'Import', 'Users']) {
      assert.equal((await banner.getByRole('link', { name }).count()) > 0, may[name], name);
    }
    const form = page.getByRole('form', { name: /^Adjust/ });
    for (const attempt of [() => cell(page, 'W-0010', 'on_hand').dblclick(), () => page.keyboard.press('F2')]) {
      await attempt();
      if (may.manage) {
        await form.waitFor();
        await page.keyboard.press('Escape');
        await form.waitFor({ state: 'detached' });
      }
    }
    // The details come after anything that the two attempts could have opened.
    await page.getByRole('button', { name: 'Widget 0010' }).click();
    await page.getByRole('dialog').getByText('Opening stock').waitFor();
    assert.equal(await form.count(), 0);
    const details = page.getByRole('dialog');
    if (may.manage) await details.getByRole('button', { name: 'Edit' }).waitFor();
    for (const name of ['Adjust', 'Edit', 'Archive']) {
      assert.equal(await details.getByRole('button', { name }).count(), may.manage ? 1 : 0, name);
    }
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('button', { name: 'New product' }).count(), may.manage ? 1 : 0);
    await page.goto(`/orders/${order.id}`);
    await page.getByRole('cell', { name: 'W-0009' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Fulfil' }).count(), may.manage ? 1 : 0);
    for (const [name, path] of [['Import', '/import'], ['Users', '/users'], ['New order', '/orders/new']]) {
      await page.goto(path);
      await page.getByRole('main').getByText(may[name] ? /./ : 'Not for your role').first().waitFor();
      assert.equal(await page.getByText('Not for your role').count(), may[name] ? 0 : 1, path);
    }
  });
}

test('a user whose role is changed, or who is shut out, notices', async (t) => {
  const admin = await openWindow(t, browser, shop, { role: 'admin', path: '/users' });
  await shop.server.userWith('clerk', 'temp@example.com');
  const temp = await openWindow(t, browser, shop, { path: '/stock' });
  await temp.page.getByLabel('Email').fill('temp@example.com');
  await temp.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await temp.page.getByRole('button', { name: 'Sign in' }).click();
  await live(temp.page);
  await admin.page.reload();
  const row = admin.page.getByRole('row').filter({ hasText: 'temp@example.com' });
  await row.getByRole('switch').click({ force: true });
  await temp.page.getByRole('form', { name: 'Sign in' }).waitFor();
});

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

async function assertFits(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${what} is ${wide} px wider than the screen`);
}

test('on a phone every page fits, and the stock is a list of cards', async (t) => {
  const order = await shop.order(['W-0020', 1], ['W-0021', 1]);
  const { page } = await openWindow(t, browser, shop, { role: 'admin', ...PHONE });
  await live(page);
  const card = page.getByRole('listitem').filter({ hasText: 'W-0030' });
  await page.getByRole('listitem').filter({ hasText: 'W-0003' }).first().waitFor();
  assert.equal(await page.getByRole('grid').count(), 0);
  await assertFits(page, 'stock');
  await page.getByRole('searchbox').fill('W-0030');
  await shop.order(['W-0030', 8]);
  await card.getByText('92').waitFor();
  await card.getByRole('button').click();
  await page.getByRole('dialog').getByText('Movements').waitFor();
  await assertFits(page, 'details');
  for (const path of ['/orders', `/orders/${order.id}`, '/orders/new', '/import', '/users', '/sign-in']) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await assertFits(page, path);
  }
});

const LONG = 'An adjustable and ergonomic swivel chair of many words, '.repeat(4).slice(0, 200);
const LONG_SKU = 'CHAIR-EXECUTIVE-ERGONOMIC-LUMBAR-MESH-ANTHRACITE-LARGE-2026-EU1';

/** Whether every one of these can be seen without scrolling sideways, and none lies on another. */
async function assertApart(page, selector, what) {
  const boxes = await page.locator(selector).evaluateAll((all) =>
    all.map((each) => {
      const range = document.createRange();
      range.selectNodeContents(each);
      const { left, right, top, bottom } = range.getBoundingClientRect();
      return { left, right, top, bottom, text: each.textContent };
    }),
  );
  assert.ok(boxes.length > 1, `${what}: nothing to look at`);
  for (const [index, box] of boxes.entries()) {
    assert.ok(box.left >= 0 && box.right <= page.viewportSize().width, `${what}: “${box.text}” is off the screen`);
    for (const other of boxes.slice(index + 1)) {
      const apart = box.right <= other.left + 1 || other.right <= box.left + 1 || box.bottom <= other.top + 1 || other.bottom <= box.top + 1;
      assert.ok(apart, `${what}: “${box.text}” lies on “${other.text}”`);
    }
  }
}

test('long names and large numbers fit on a phone and on a desk', async (t) => {
  await shop.import([
    [LONG_SKU, LONG, 'Furniture and office equipment / Seating / Executive', 12],
    ['Z-MANY', 'Very many', 'Tools', 999_999_999_999],
  ]);
  const order = await shop.order([LONG_SKU, 3], ['Z-MANY', 1_000_000]);
  await shop.server.userWith('viewer', `${'a.long.address.'.repeat(4)}@example.com`);
  for (const options of [PHONE, {}]) {
    const { page } = await openWindow(t, browser, shop, { role: 'admin', path: `/orders/${order.id}`, ...options });
    await page.getByRole('heading', { level: 1 }).waitFor();
    await assertApart(page, 'main td', 'the lines of an order');
    await page.getByRole('button', { name: 'Fulfil' }).click();
    await page.getByRole('dialog').getByText(LONG_SKU).waitFor();
    await assertFits(page, 'fulfilling');
    await page.goto('/stock?sku=Z-MANY');
    await page.getByRole('dialog').getByText('Opening stock').waitFor();
    await assertApart(page, '[role=dialog] dd > span, [role=dialog] li > *', 'the details of a product');
    await page.goto('/users');
    await page.getByText('(you)').waitFor();
    await assertApart(page, 'main td', 'the users');
    await page.goto('/orders/new');
    await addLine(page, 'Z-MANY', 1);
    await addLine(page, LONG_SKU, 99);
    await assertFits(page, 'a new order');
    await assertApart(page, 'main li > span, main li > button', 'the lines of a new order');
    await page.evaluate(() => sessionStorage.clear());
    await page.goto('/orders');
    await page.getByRole('link', { name: String(order.number) }).waitFor();
    await assertApart(page, 'main tr:first-child td:first-child, main tr:first-child td:last-child', 'the orders');
    await page.goto('/stock?sku=W-0001');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByRole('form', { name: 'Edit W-0001' }).waitFor();
    await assertFits(page, 'editing a product');
  }
});

test('on a phone an order is placed', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'clerk', ...PHONE });
  await live(page);
  await page.getByRole('link', { name: 'New order' }).tap();
  await page.getByLabel('Add a product').fill('Widget 0031');
  await page.getByRole('option', { name: /W-0031/ }).tap();
  await page.getByLabel(/^Quantity of/).fill('3');
  await assertFits(page, 'new order');
  const button = page.getByRole('button', { name: 'Place order' });
  await button.scrollIntoViewIfNeeded();
  const box = await button.boundingBox();
  assert.ok(box.height >= 24, 'large enough to touch');
  await button.tap();
  await page.getByRole('heading', { name: /^Order \d+/ }).waitFor();
  await assertFits(page, 'the order');
  assert.equal((await shop.level('W-0031')).allocated, 3);
});

test('the session is a cookie that no script can read, and nothing secret is kept beside it', async (t) => {
  const { page, context } = await openWindow(t, browser, shop, { path: '/' });
  await page.getByLabel('Email').fill('manager@example.com');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await live(page);
  await page.goto('/orders/new');
  await addLine(page, 'W-0040', 2);
  const cookies = await context.cookies();
  assert.deepEqual(
    cookies.map(({ name, httpOnly, sameSite, path }) => ({ name, httpOnly, sameSite, path })),
    [{ name: 'onhand_session', httpOnly: true, sameSite: 'Strict', path: '/' }],
  );
  const kept = await page.evaluate(() => ({
    cookie: document.cookie,
    storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
  }));
  assert.equal(kept.cookie, '');
  for (const secret of [cookies[0].value, PASSWORD, 'manager@example.com']) {
    assert.ok(!kept.storage.includes(secret), `${secret} is kept in ${kept.storage}`);
  }
  assert.equal(await page.evaluate(() => indexedDB.databases().then((all) => all.length)), 0);
});

test('a script that is slipped into a product does not run, and the policy would stop it', async (t) => {
  const trap = '<img src=x onerror=window.trapped=1><script>window.trapped=1</script>';
  await shop.import([['X-TRAP', trap.replaceAll('"', ''), trap, 3, 0]]);
  const { page, watch } = await openWindow(t, browser, shop, { role: 'viewer', path: '/stock?search=X-TRAP&sku=X-TRAP' });
  await page.getByRole('dialog').getByText('Movements').waitFor();
  assert.equal(await page.evaluate(() => window.trapped), undefined);
  watch.assertClean();
  // The watch itself works: what the policy forbids is seen, and then forgotten again.
  await page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<img src="https://elsewhere.example/x.png">'));
  await page.waitForFunction(() => document.querySelector('img[src*=elsewhere]').complete);
  assert.equal(watch.violations.length, 1);
  assert.match(watch.violations[0], /^img-src: https:\/\/elsewhere\.example/);
  watch.violations.length = 0;
  watch.outside.length = 0;
  watch.errors.length = 0;
});
