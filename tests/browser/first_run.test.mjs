// The door: the first account of an empty Onhand, signing in and out, and the way back to where one wanted to go.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { live, openWindow } from './support/browser.mjs';
import { emailOf, PASSWORD, startEmpty } from './support/shop.mjs';
import { closeStage, openStage } from './support/stage.mjs';

let shop;
let browser;
before(async () => ({ shop, browser } = await openStage()));
after(closeStage);

const EMAIL = emailOf('clerk');

async function fillSignIn(page, password) {
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function signOut(page) {
  await page.getByRole('button', { name: /account of/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
}

test('the first visitor of an empty Onhand creates the account that administers it', async (t) => {
  const server = await startEmpty();
  t.after(() => server.dispose());
  const { page } = await openWindow(t, browser, server, { path: '/' });
  await page.getByRole('heading', { name: 'Create the first account' }).waitFor();
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Email').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create the first account' }).click();
  await page.getByRole('heading', { name: 'Stock' }).waitFor();
  await live(page);
  await page.getByText('There are no products yet').waitFor();
  assert.ok(await page.getByRole('link', { name: 'Users' }).isVisible(), 'the first account is an administrator');
});

test('nobody can make a second account by themselves', async (t) => {
  const { page } = await openWindow(t, browser, shop, { path: '/' });
  await page.getByRole('form', { name: 'Sign in' }).waitFor();
  assert.equal(await page.getByRole('button', { name: /Create/ }).count(), 0);
});

test('a wrong password is said in words, and the right one leads to where one wanted to go', async (t) => {
  const { page } = await openWindow(t, browser, shop, { path: '/orders?status=placed' });
  await fillSignIn(page, 'not the password');
  await page.getByRole('alert').getByText('Email and password do not match an account.').waitFor();
  assert.equal(await page.getByLabel('Email').inputValue(), EMAIL, 'what was typed stays');
  await fillSignIn(page, PASSWORD);
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  assert.equal(new URL(page.url()).search, '?status=placed');
});

test('signing out ends the session on the server too', async (t) => {
  const { page, context } = await openWindow(t, browser, shop, { path: '/' });
  await fillSignIn(page, PASSWORD);
  await live(page);
  await page.getByRole('link', { name: 'Orders' }).click();
  const [cookie] = await context.cookies();
  await signOut(page);
  await page.getByRole('form', { name: 'Sign in' }).waitFor();
  assert.deepEqual(await context.cookies(), []);
  const answer = await fetch(`${shop.origin}/api/v1/auth/me`, { headers: { cookie: `${cookie.name}=${cookie.value}` } });
  assert.equal(answer.status, 401, 'the old cookie is worth nothing');
  await page.goBack();
  await page.getByRole('form', { name: 'Sign in' }).waitFor();
});

test('a session that ends elsewhere brings the sign-in page, with the way back', async (t) => {
  const { page } = await openWindow(t, browser, shop, { path: '/orders' });
  await fillSignIn(page, PASSWORD);
  await live(page);
  const signOutElsewhere = () =>
    fetch('/api/v1/auth/logout', { method: 'POST', headers: { 'X-Onhand-Client': 'web' } }).then(({ status }) => status);
  assert.equal(await page.evaluate(signOutElsewhere), 204);
  await page.getByRole('form', { name: 'Sign in' }).waitFor();
  await fillSignIn(page, PASSWORD);
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
});
