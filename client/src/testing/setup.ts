// Runs before every test file: matchers, a server that answers only what a test told it to, a clean page afterwards.
import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { clearToasts } from '../components/toasts.ts';
import { server } from './server.ts';

/** Only how long to wait before a test is given up; a machine that is busy is not a failure. */
configure({ asyncUtilTimeout: 15_000 });

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  cleanup();
  clearToasts();
  server.resetHandlers();
  sessionStorage.clear();
  localStorage.clear();
});
afterAll(() => server.close());
