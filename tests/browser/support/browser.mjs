// Windows of a real Chromium. Each window watches itself: a request to another origin, a violation of the content
// security policy or an uncaught error anywhere in a test fails that test, whatever the test is about.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { emailOf, PASSWORD } from './shop.mjs';

const CHROMIUM = process.env.ONHAND_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
/** Long enough for a loaded machine; a step that works takes a fraction of it. */
const STEP_TIMEOUT_MS = 20_000;

export const launch = () => chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });

/** What a window saw that it must never see. */
class Watch {
  outside = [];
  violations = [];
  errors = [];
  navigations = 0;

  constructor(host) {
    this.host = host;
  }

  async follow(context, page) {
    const note = (url) => {
      if (!['data:', 'blob:'].includes(new URL(url).protocol) && new URL(url).host !== this.host) {
        this.outside.push(url);
      }
    };
    context.on('request', (request) => note(request.url()));
    page.on('websocket', (socket) => note(socket.url()));
    page.on('pageerror', (error) => this.errors.push(String(error.stack ?? error)));
    page.on('console', (message) => {
      // The browser itself writes down every answer with an error status and every lost connection.
      const expected = /Failed to load resource|WebSocket connection to|net::ERR_/;
      if (message.type() === 'error' && !expected.test(message.text())) this.errors.push(message.text());
    });
    page.on('framenavigated', () => {
      this.navigations += 1;
    });
    await context.exposeFunction('reportPolicyViolation', (text) => this.violations.push(text));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.reportPolicyViolation(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`);
      });
    });
  }

  assertClean() {
    assert.deepEqual(this.outside, [], 'requests left the origin');
    assert.deepEqual(this.violations, [], 'the content security policy was violated');
    assert.deepEqual(this.errors, [], 'errors in the page');
  }
}

/**
 * A window of its own (nothing is shared with other windows), signed in as a role when `role` says so. It is closed,
 * and held against what a window must never do, when the test `t` ends.
 */
export async function openWindow(t, browser, shop, { role, path = '/stock', ...options } = {}) {
  const context = await browser.newContext({
    baseURL: shop.origin,
    locale: 'en-GB',
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    ...options,
  });
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  const page = await context.newPage();
  const watch = new Watch(new URL(shop.origin).host);
  await watch.follow(context, page);
  t.after(async () => {
    if (!t.passed) t.diagnostic(await describe(page));
    await context.close();
    watch.assertClean();
  });
  if (role) await signIn(context, shop, role);
  if (path) await page.goto(path);
  return { page, context, watch };
}

/** What stood on the page, for the log of a test that failed. */
async function describe(page) {
  const text = await page.locator('body').innerText({ timeout: 1_000 }).catch((error) => String(error));
  return `${page.url()} showed: ${text.replace(/\s*\n\s*/g, ' | ').slice(0, 1_500)}`;
}

/** The cookies of each role that has signed in to a shop: hashing a password takes long on purpose. */
const sessions = new WeakMap();

async function signIn(context, shop, role) {
  const known = sessions.get(shop) ?? new Map();
  sessions.set(shop, known);
  if (known.has(role)) {
    await context.addCookies(known.get(role));
    return;
  }
  const response = await context.request.post('/api/v1/auth/login', {
    data: { email: emailOf(role), password: PASSWORD },
    headers: { 'X-Onhand-Client': 'web' },
  });
  assert.equal(response.status(), 200, await response.text());
  known.set(role, await context.cookies());
}

/** Waits until the live feed of the page is up; from then on a change made elsewhere must appear. */
export const live = (page) => page.getByRole('banner').getByText('Live', { exact: true }).waitFor();

/** The cell of a row of the stock table. */
export const cell = (page, sku, column) => page.locator(`[data-sku="${sku}"] [data-column="${column}"]`);

/** The number in a cell of the stock table, or in the text of any locator, without its arrow. */
export async function number(locator) {
  return Number((await locator.innerText()).replace(/[^\d]/g, ''));
}

/** Waits until the locator's number is the given one. Fails with what it showed last. */
export async function assertNumber(locator, wanted, what = 'number') {
  const until = Date.now() + STEP_TIMEOUT_MS;
  let seen = await number(locator);
  while (seen !== wanted && Date.now() < until) {
    await locator.page().waitForTimeout(25);
    seen = await number(locator);
  }
  assert.equal(seen, wanted, what);
}

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Runs axe over the page as it is now and fails with each violation and the elements that it found. */
async function runAxe(page, what) {
  await page.evaluate(axeSource);
  const { violations, passes } = await page.evaluate(
    async (tags) => {
      const found = await window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
      return {
        passes: found.passes.length,
        violations: found.violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.slice(0, 5).map((node) => `${node.target.join(' ')} | ${node.html.slice(0, 160)} | ${node.failureSummary}`),
        })),
      };
    },
    AXE_TAGS,
  );
  assert.ok(passes > 10, `axe looked at nothing on ${what}`);
  assert.deepEqual(violations, [], what);
}

/** Runs axe in both colour schemes. What fades in is waited for: half-faded text has no contrast to measure. */
export async function assertAccessible(page, what) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    await page.evaluate(() => {
      const fading = document
        .getAnimations()
        .filter(({ playState, effect }) => playState === 'running' && effect.getComputedTiming().endTime < 1_000);
      return Promise.all(fading.map(({ finished }) => finished.catch(() => {})));
    });
    await runAxe(page, `${what}, in ${colorScheme}`);
  }
}

/** Types a SKU into the order form as a scanner would, and its quantity. Returns the line. */
export async function addLine(page, sku, quantity) {
  await page.getByLabel('Add a product').fill(sku);
  await page.keyboard.press('Enter');
  const row = page.getByRole('list', { name: 'Lines' }).getByRole('listitem').filter({ hasText: sku });
  await row.getByLabel(/^Quantity of/).fill(String(quantity));
  return row;
}
