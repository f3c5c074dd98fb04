// Who else is there, in two real windows: seen by both, gone when one closes, and accessible in light and dark.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, live, openWindow } from './support/browser.mjs';
import { closeStage, openStage } from './support/stage.mjs';

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage({ products: 5 })));
after(closeStage);

test('two people see each other by their initials, until one closes the window', async (t) => {
  const { page: clerk } = await openWindow(t, browser, shop, { role: 'clerk' });
  await live(clerk);
  assert.equal(await clerk.getByRole('list', { name: 'Also here' }).count(), 0);
  const { page: viewer } = await openWindow(t, browser, shop, { role: 'viewer' });
  await clerk.getByRole('img', { name: 'The viewer' }).waitFor();
  await viewer.getByRole('img', { name: 'The clerk' }).waitFor();
  assert.equal(await viewer.getByRole('img', { name: 'The viewer' }).count(), 0);
  if (process.env.SHOT) await clerk.screenshot({ path: process.env.SHOT });
  await assertAccessible(clerk, 'somebody else there');
  await viewer.close();
  await clerk.getByRole('list', { name: 'Also here' }).waitFor({ state: 'detached' });
});
