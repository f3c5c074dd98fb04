// The server of the tests. A test adds what it needs with `server.use(...)`; any other request fails the test, but for
// the readiness that the frame of every page asks for.
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import type { Problem, User } from '../api/types.ts';

export const API = '*/api/v1';

/** What `/readyz` answers; without `redis` it is a server that has none. */
export function readiness(redis?: 'ok' | 'degraded', status = 200) {
  const checks = { database: status === 200 ? 'ok' : 'failed', engine: 'ok', ...(redis && { redis }) };
  return HttpResponse.json({ status: status === 200 ? 'ok' : 'unavailable', checks }, { status });
}

export const server = setupServer(http.get('*/readyz', () => readiness()));

export function problem(status: number, code: string, more: Partial<Problem> = {}) {
  return HttpResponse.json(
    { title: code, code, status, ...more },
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  );
}

/** Nobody, or this user, is signed in. */
export function signedIn(user: User | null) {
  return http.get(`${API}/auth/me`, () => (user ? HttpResponse.json({ user }) : problem(401, 'unauthenticated')));
}
