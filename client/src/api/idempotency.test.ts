import { describe, expect, it } from 'vitest';
import { KeyKeeper, newIdempotencyKey } from './idempotency.ts';

describe('newIdempotencyKey', () => {
  it('makes printable keys of a length the server takes, each once', () => {
    const keys = Array.from({ length: 100 }, newIdempotencyKey);
    expect(new Set(keys).size).toBe(100);
    for (const key of keys) {
      expect(key).toMatch(/^[0-9a-f]{32}$/);
    }
  });
});

describe('KeyKeeper', () => {
  it('keeps the key while the content stays the same', () => {
    const keeper = new KeyKeeper();
    expect(keeper.keyFor({ delta: 5 })).toBe(keeper.keyFor({ delta: 5 }));
  });

  it('makes a new key for other content', () => {
    const keeper = new KeyKeeper();
    expect(keeper.keyFor({ delta: 5 })).not.toBe(keeper.keyFor({ delta: 6 }));
  });

  it('makes a new key once the first was answered', () => {
    const keeper = new KeyKeeper();
    const key = keeper.keyFor({ delta: 5 });
    keeper.settle();
    expect(keeper.keyFor({ delta: 5 })).not.toBe(key);
  });
});
