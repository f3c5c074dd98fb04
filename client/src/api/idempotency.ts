// Idempotency keys: one key names one intended change, however often it is sent.

/** A fresh key. Works on plain http too, where crypto.randomUUID is missing. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Keeps the key of one form: the same content keeps its key until `settle`, other content gets a new one. So a second
 * press of Apply after a lost answer repeats the first change instead of making another.
 */
export class KeyKeeper {
  private key = '';
  private content = '';

  keyFor(body: unknown): string {
    const content = JSON.stringify(body);
    if (!this.key || content !== this.content) {
      this.key = newIdempotencyKey();
      this.content = content;
    }
    return this.key;
  }

  /** A definite answer came; the next change is a new one. */
  settle(): void {
    this.key = '';
  }
}
