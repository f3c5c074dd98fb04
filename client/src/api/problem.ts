// Turns whatever went wrong with a request into words for people.
import type { SerializedError } from '@reduxjs/toolkit';
import type { FetchBaseQueryError } from '@reduxjs/toolkit/query';
import type { Problem } from './types.ts';

export type RequestError = FetchBaseQueryError | SerializedError | undefined;

/** The server's problem document, or null when the answer was none (network, proxy, time-out). */
export function problemOf(error: unknown): Problem | null {
  const data = (error as { data?: unknown } | undefined)?.data;
  if (typeof data === 'object' && data !== null && 'code' in data) {
    return data as Problem;
  }
  return null;
}

/**
 * True when nobody knows whether the server did what was asked: no answer came, or one that does not promise that
 * nothing was applied. Only the same request with the same idempotency key may follow.
 */
export function outcomeUnknown(error: unknown): boolean {
  const status = (error as { status?: unknown } | undefined)?.status;
  if (typeof status !== 'number' || problemOf(error)?.code === 'outcome_unknown') {
    return true;
  }
  return status >= 500 && status !== 503;
}

const WORDS: Record<string, string> = {
  insufficient_stock: 'Not enough stock is available.',
  breaks_promises: 'That would take away units that are already promised to orders.',
  idempotency_mismatch: 'This form was already sent with other content. Start again to send the new one.',
  idempotency_in_progress: 'The same request is still being worked on. Try again in a moment.',
  version_mismatch: 'Someone changed this while you were editing.',
  rate_limited: 'Too many requests. Nothing was changed; try again in a moment.',
  busy: 'The server is busy. Nothing was changed; try again in a moment.',
  draining: 'The server is restarting. Nothing was changed; try again in a moment.',
  storage_unavailable: 'The server cannot reach its storage. Nothing was changed.',
  outcome_unknown: 'The server does not know whether this was done.',
  forbidden: 'Your role does not allow this.',
};

export function explain(error: unknown): string {
  const problem = problemOf(error);
  if (problem) {
    const words = WORDS[problem.code] ?? problem.detail ?? problem.title;
    const fields = (problem.errors ?? [])
      // A problem of one field often says the same twice.
      .filter(({ detail }) => detail !== words)
      .map(({ pointer, detail }) => `${pointer.replace(/^\//, '')}: ${detail}`);
    return [words, fields.join('; ')].filter(Boolean).join(' ');
  }
  const status = (error as { status?: unknown } | undefined)?.status;
  if (status === 'FETCH_ERROR') {
    return 'The server cannot be reached.';
  }
  if (status === 'TIMEOUT_ERROR') {
    return 'The server did not answer in time.';
  }
  return typeof status === 'number' ? `The server answered with status ${status}.` : 'Something went wrong.';
}
