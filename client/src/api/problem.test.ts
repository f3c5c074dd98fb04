import { describe, expect, it } from 'vitest';
import { explain, outcomeUnknown, problemOf } from './problem.ts';

const answered = (status: number, code: string, more = {}) => ({ status, data: { code, title: 'T', status, ...more } });

describe('outcomeUnknown', () => {
  it.each([
    [{ status: 'FETCH_ERROR', error: 'no network' }, true],
    [{ status: 'TIMEOUT_ERROR', error: 'late' }, true],
    [{ status: 'PARSING_ERROR', originalStatus: 502, data: '<html>', error: '' }, true],
    [answered(500, 'internal'), true],
    [answered(504, 'gateway'), true],
    [answered(503, 'outcome_unknown'), true],
    [answered(503, 'busy'), false],
    [answered(429, 'rate_limited'), false],
    [answered(409, 'insufficient_stock'), false],
    [answered(400, 'invalid_request'), false],
  ])('%j: %s', (error, unknown) => {
    expect(outcomeUnknown(error)).toBe(unknown);
  });
});

describe('explain', () => {
  it('names the fields that are wrong', () => {
    const error = answered(400, 'invalid_request', {
      detail: 'The request is wrong.',
      errors: [{ pointer: '/lines/0/quantity', detail: 'must be at least 1' }],
    });
    expect(explain(error)).toBe('The request is wrong. lines/0/quantity: must be at least 1');
  });

  it('does not say the same twice when one field is what is wrong', () => {
    const detail = 'There is no product with the SKU X.';
    const error = answered(404, 'unknown_sku', { detail, errors: [{ pointer: '/lines/0/sku', detail }] });
    expect(explain(error)).toBe(detail);
  });

  it('says what is going on when there was no answer', () => {
    expect(explain({ status: 'FETCH_ERROR', error: 'x' })).toBe('The server cannot be reached.');
    expect(problemOf({ status: 'FETCH_ERROR', error: 'x' })).toBeNull();
  });

  it('falls back on the words of the server', () => {
    expect(explain(answered(409, 'something_new', { detail: 'New words.' }))).toBe('New words.');
  });
});
