// The stock table by keyboard alone, as whoever works in it all day uses it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNumber, cell, live, openWindow } from './support/browser.mjs';
import { closeStage, openStage } from './support/stage.mjs';

const PRODUCTS = 250;

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage({ products: PRODUCTS })));
after(closeStage);

/** Where the focus is, as "SKU column", or "heading column". */
async function assertFocus(page, wanted) {
  const place = (expected) => {
    const focused = document.activeElement;
    const sku = focused.closest('[data-sku]')?.dataset.sku;
    const here = sku ? `${sku} ${focused.dataset.column}` : `${focused.getAttribute('role')} ${focused.textContent}`;
    return expected === undefined ? here : here === expected;
  };
  await page
    .waitForFunction(place, wanted, { timeout: 5_000 })
    .catch(async () => assert.equal(await page.evaluate(place), wanted, 'focus'));
}

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

async function openTable(t, role = 'manager') {
  const window = await openWindow(t, browser, shop, { role });
  await live(window.page);
  await cell(window.page, 'W-0001', 'sku').focus();
  return window;
}

test('the table is reached by Tab and takes one stop of it', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'manager' });
  await cell(page, 'W-0001', 'sku').waitFor();
  await page.getByRole('button', { name: 'Columns' }).focus();
  await press(page, 'Tab');
  await assertFocus(page, 'W-0001 sku');
  await press(page, 'Tab');
  assert.equal(await page.evaluate(() => document.activeElement.closest('[role=grid]')), null);
});

test('arrows, j and k, Home and End and the page keys move about', async (t) => {
  const { page } = await openTable(t);
  const steps = [
    [['ArrowDown', 'ArrowDown', 'ArrowRight'], 'W-0003 name'],
    [['j', 'j', 'k'], 'W-0004 name'],
    [['End'], 'W-0004 updated_at'],
    [['ArrowRight'], 'W-0004 updated_at'],
    [['Home'], 'W-0004 sku'],
    [['ArrowLeft'], 'W-0004 sku'],
    [['Control+End'], `W-0${PRODUCTS} updated_at`],
    [['ArrowDown'], `W-0${PRODUCTS} updated_at`],
    [['Control+Home'], 'W-0001 sku'],
    [['ArrowUp'], 'columnheader SKU'],
    [['ArrowUp', 'ArrowDown'], 'W-0001 sku'],
  ];
  for (const [keys, place] of steps) {
    await press(page, ...keys);
    await assertFocus(page, place);
  }
  await press(page, 'PageDown');
  const below = await page.evaluate(() => document.activeElement.closest('[data-row]').dataset.row);
  assert.ok(Number(below) > 5, `a screen further down, at row ${below}`);
  await press(page, 'PageUp');
  await assertFocus(page, 'W-0001 sku');
});

test('the focused cell is never hidden under the heading', async (t) => {
  const { page } = await openTable(t);
  await press(page, 'Control+End', 'PageUp', 'PageUp', 'PageUp');
  for (let row = 0; row < 4; row += 1) {
    await press(page, 'k');
    const covered = await page.evaluate(() => {
      const box = document.activeElement.getBoundingClientRect();
      return document.elementFromPoint(box.x + 3, box.y + 3)?.closest('[role=columnheader]') !== null;
    });
    assert.equal(covered, false, `row ${row}`);
  }
});

test('a heading sorts with Enter, and the address keeps it', async (t) => {
  const { page } = await openTable(t);
  await press(page, 'ArrowUp', 'ArrowRight', 'Enter');
  const heading = page.getByRole('columnheader', { name: 'Name' });
  await heading.and(page.locator('[aria-sort=ascending]')).waitFor();
  await press(page, 'Enter');
  await heading.and(page.locator('[aria-sort=descending]')).waitFor();
  assert.equal(new URL(page.url()).search, '?sort=-name');
  await cell(page, `W-0${PRODUCTS}`, 'name').waitFor();
});

for (const key of ['Enter', 'F2']) {
  test(`${key} adjusts the row, Esc gives up, and the focus comes back to the cell`, async (t) => {
    const { page } = await openTable(t);
    await press(page, 'j', 'j', 'End', key);
    const form = page.getByRole('form', { name: 'Adjust W-0003 in MAIN' });
    await form.waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
    await page.keyboard.type('-5');
    await press(page, 'Escape');
    await form.waitFor({ state: 'detached' });
    await assertFocus(page, 'W-0003 updated_at');
    assert.equal((await shop.level('W-0003')).on_hand, 100, 'nothing was booked');
  });
}

test('a whole adjustment needs no mouse, and Ctrl+Z takes it back', async (t) => {
  const { page } = await openTable(t);
  await press(page, 'j', 'Enter');
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
  await page.keyboard.type('+5');
  await press(page, 'Tab');
  await page.keyboard.type('Rec');
  await page.waitForFunction(() => document.activeElement.value === 'received');
  await press(page, 'Tab', 'Enter');
  await assertNumber(cell(page, 'W-0002', 'on_hand'), 105);
  await assertFocus(page, 'W-0002 sku');
  assert.equal((await shop.level('W-0002')).on_hand, 105);
  await press(page, 'Control+z');
  await assertNumber(cell(page, 'W-0002', 'on_hand'), 100);
  await page.getByText('W-0002: +5 taken back').waitFor();
});

test('Space opens the details, and Esc closes them', async (t) => {
  const { page } = await openTable(t);
  await press(page, 'j', ' ');
  const drawer = page.getByRole('dialog', { name: 'Widget 0002' });
  await drawer.waitFor();
  await press(page, 'Escape');
  await drawer.waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).search, '');
});

test('/ leads to the search from anywhere, and is a letter while typing', async (t) => {
  const { page } = await openTable(t);
  await press(page, '/');
  await page.keyboard.type('widget 0012');
  await page.locator('[role=grid][aria-rowcount="2"]').waitFor();
  await cell(page, 'W-0012', 'sku').waitFor();
  await press(page, '/');
  assert.equal(await page.getByRole('searchbox').inputValue(), 'widget 0012/');
  await press(page, 'Escape');
  await cell(page, 'W-0001', 'sku').waitFor();
});

test('? lists the shortcuts on every page, and not while typing', async (t) => {
  const { page } = await openTable(t);
  await press(page, '?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await list.waitFor();
  await press(page, 'Escape');
  await list.waitFor({ state: 'detached' });
  await page.getByRole('searchbox').focus();
  await press(page, '?');
  assert.equal(await page.getByRole('searchbox').inputValue(), '?');
  assert.equal(await list.count(), 0);
});

test('the first stop of Tab leads past the navigation', async (t) => {
  const { page } = await openWindow(t, browser, shop, { role: 'viewer' });
  await cell(page, 'W-0001', 'sku').waitFor();
  await press(page, 'Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await press(page, 'Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
});
