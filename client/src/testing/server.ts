// The server of the tests. A test adds what it needs with `server.use(...)`; any other request fails the test.
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import type { Problem, User } from '../api/types.ts';

export const server = setupServer();

export const API = '*/api/v1';

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
