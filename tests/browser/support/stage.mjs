// What each file of tests plays on: one shop and one browser, opened before its tests and closed after them.

import { launch } from './browser.mjs';
import { Shop } from './shop.mjs';

const stage = {};

/** Resolves to {shop, browser}; `options` as for Shop.open(). */
export async function openStage(options) {
  stage.shop = await Shop.open(options);
  stage.browser = await launch();
  return stage;
}

/** Closes what was opened, also when opening failed half-way. */
export async function closeStage() {
  await stage.browser?.close();
  await stage.shop?.close();
}
