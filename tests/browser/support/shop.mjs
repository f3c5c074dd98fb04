// The real program serving the real page, with an account of every role and as many products as a test asks for.

import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { newKey } from '../../support/client.mjs';
import { PASSWORD, Server } from '../../support/server.mjs';
import { levelOf, placeOrder } from '../../support/stock.mjs';

export { PASSWORD };
export const root = resolve(import.meta.dirname, '../../..');
export const emailOf = (role) => `${role}@example.com`;

const PAGE = process.env.ONHAND_WEB ?? join(root, 'client/dist');

/** A server with an empty database and without any account. */
export const startEmpty = (...flags) => Server.start({ account: false, flags: ['--web', PAGE, ...flags] });

export class Shop {
  static async open({ products = 0 } = {}) {
    const shop = new Shop(await startEmpty());
    try {
      await shop.#fill(products);
    } catch (error) {
      await shop.close();
      throw error;
    }
    return shop;
  }

  constructor(server) {
    this.server = server;
    this.admin = null;
    this.clerk = null;
  }

  get origin() {
    return this.server.origin;
  }

  async #fill(products) {
    this.admin = this.server.admin = await this.server.registerFirst();
    for (const role of ['manager', 'viewer']) await this.server.userWith(role, emailOf(role));
    this.clerk = await this.server.userWith('clerk', emailOf('clerk'));
    if (products > 0) await this.import(widgets(products));
  }

  /** Rows of SKU, name, category, quantity, reorder point. */
  async import(rows) {
    const lines = rows.map(([sku, name, category, quantity, reorder = 0]) =>
      [sku, `"${name}"`, category, '9.50', 'EUR', quantity, reorder].join(),
    );
    const body = ['sku,name,category,unit_price,currency,quantity,reorder_point', ...lines].join('\n');
    const headers = { 'Content-Type': 'text/csv' };
    const answer = await this.admin.post('/api/v1/imports?kind=products', body, { headers, key: newKey() });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json.errors, []);
  }

  /** Places an order as the clerk: `order(['W-0001', 2], …)`. */
  order(...lines) {
    return placeOrder(
      this.clerk,
      lines.map(([sku, quantity]) => ({ sku, quantity })),
    );
  }

  level(sku) {
    return levelOf(this.admin, sku);
  }

  async ordersOf(sku) {
    const { json } = await this.admin.get(`/api/v1/orders?sku=${sku}`);
    return json.items;
  }

  async movementsOf(sku) {
    const { json } = await this.admin.get(`/api/v1/movements?sku=${sku}`);
    return json.items;
  }

  /** Ends the server, and verifies what it has stored. */
  close() {
    return this.server.dispose();
  }
}

/** So many products W-0001, W-0002, … with 100 of each. */
const widgets = (count) =>
  Array.from({ length: count }, (_, index) => {
    const digits = String(index + 1).padStart(4, '0');
    return [`W-${digits}`, `Widget ${digits}`, index % 2 ? 'Tools' : 'Parts', 100, 10];
  });
