import { describe, expect, it } from 'vitest';
import {
  addLine,
  clearDraft,
  type Draft,
  loadDraft,
  MAX_LINES,
  MAX_QUANTITY,
  newDraft,
  parseQuantity,
  refused,
  saveDraft,
  toRequest,
} from './draft.ts';

const line = (sku: string, quantity = 1) => ({ sku, name: sku, location: 'MAIN', quantity });

describe('the draft', () => {
  it('comes back with its key and what was sent after a reload', () => {
    const draft: Draft = { ...newDraft(), lines: [line('A', 2)], sent: { lines: [{ sku: 'A', quantity: 2 }] } };
    saveDraft(draft);
    expect(loadDraft()).toEqual(draft);
  });

  it('begins anew when nothing usable is stored', () => {
    for (const stored of ['', 'no json', '{}', '{"key":"","lines":[]}', '{"key":"k"}', 'null', '7']) {
      sessionStorage.setItem('onhand.order_draft', stored);
      const draft = loadDraft();
      expect(draft.lines).toEqual([]);
      expect(draft.key).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it('is gone once cleared', () => {
    const draft = newDraft();
    saveDraft(draft);
    clearDraft();
    expect(loadDraft().key).not.toBe(draft.key);
  });

  it('still works when storage is forbidden', () => {
    const forbidden = {
      getItem: () => {
        throw new Error('denied');
      },
      setItem: () => {
        throw new Error('denied');
      },
    } as unknown as Storage;
    expect(() => saveDraft(newDraft(), forbidden)).not.toThrow();
    expect(loadDraft(forbidden).lines).toEqual([]);
  });

  it('gets another key after a definite refusal, and keeps its lines', () => {
    const draft: Draft = { ...newDraft(), lines: [line('A')], sent: { lines: [] } };
    const next = refused(draft);
    expect(next.key).not.toBe(draft.key);
    expect(next).toMatchObject({ lines: draft.lines, sent: null });
  });

  it('sends only fields with content', () => {
    const draft = { ...newDraft(), lines: [line('A', 3)], customer: ' Shop ', note: '  ' };
    expect(toRequest(draft)).toEqual({
      lines: [{ sku: 'A', location: 'MAIN', quantity: 3 }],
      customer: 'Shop',
    });
  });
});

describe('lines', () => {
  it('add up for the same product and location', () => {
    const draft = addLine(addLine(newDraft(), line('A')), line('A', 4));
    expect(draft.lines).toEqual([line('A', 5)]);
    expect(addLine(draft, { ...line('A'), location: 'EAST' }).lines).toHaveLength(2);
  });

  it('stay within what an order may hold', () => {
    let draft = newDraft();
    for (let index = 0; index <= MAX_LINES; index += 1) {
      draft = addLine(draft, line(`S${index}`));
    }
    expect(draft.lines).toHaveLength(MAX_LINES);
    const full = addLine(addLine(newDraft(), line('A', MAX_QUANTITY)), line('A'));
    expect(full.lines[0]?.quantity).toBe(MAX_QUANTITY);
  });
});

describe('parseQuantity', () => {
  it.each([
    ['1', 1],
    [' 12 ', 12],
    ['1000000', MAX_QUANTITY],
    ['0', null],
    ['1000001', null],
    ['-1', null],
    ['1.5', null],
    ['', null],
    ['ten', null],
  ])('%j is %s', (text, quantity) => {
    expect(parseQuantity(text)).toBe(quantity);
  });
});
