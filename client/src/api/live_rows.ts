// Which loaded rows does a live change belong to? An index from a row's id to the cache entries that hold it, and the
// buffer of changes between two frames. Pure: app/live.ts feeds it and applies what it returns, once per frame.
//
// Two holes are closed here. One row can sit in several entries, because a page of the last view stays cached for a
// while: an id leads to a set of entries. And a change can arrive while its page is still on the way: recent changes
// are kept and given to every entry that loads; the version check makes applying one twice harmless.
import { levelId, type StockChange } from './types.ts';

/** How long a change is kept for pages that load after it; longer than the server's lists lag behind its commits. */
export const KEEP_RECENT_MS = 3_000;
/** Bound of the kept changes; the oldest go first. */
export const MAX_RECENT = 20_000;

interface Entry<Arg> {
  arg: Arg;
  ids: string[];
}

export interface EntryChanges<Arg> {
  key: string;
  arg: Arg;
  changes: StockChange[];
}

export class LiveRows<Arg> {
  private readonly entries = new Map<string, Entry<Arg>>();
  private readonly entriesById = new Map<string, Set<string>>();
  private readonly buffered = new Map<string, StockChange>();
  private readonly recent = new Map<string, { change: StockChange; at: number }>();
  private readonly requests = new Set<string>();

  /** Number of cache entries that hold this row. */
  holders(id: string): number {
    return this.entriesById.get(id)?.size ?? 0;
  }

  argOf(key: string): Arg | undefined {
    return this.entries.get(key)?.arg;
  }

  requestStarted(requestId: string): void {
    this.requests.add(requestId);
  }

  requestEnded(requestId: string): void {
    this.requests.delete(requestId);
  }

  /** Call after every load of an entry, refetches included. Returns true when kept changes wait for a flush. */
  loaded(key: string, arg: Arg, ids: string[]): boolean {
    this.removed(key);
    this.entries.set(key, { arg, ids });
    let waiting = false;
    for (const id of ids) {
      const holders = this.entriesById.get(id);
      if (holders) {
        holders.add(key);
      } else {
        this.entriesById.set(id, new Set([key]));
      }
      const kept = this.recent.get(id);
      if (kept) {
        this.buffer(id, kept.change);
        waiting = true;
      }
    }
    return waiting;
  }

  removed(key: string): void {
    for (const id of this.entries.get(key)?.ids ?? []) {
      const holders = this.entriesById.get(id);
      holders?.delete(key);
      if (holders?.size === 0) {
        this.entriesById.delete(id);
        this.buffered.delete(id);
      }
    }
    this.entries.delete(key);
  }

  /** Takes changes from the feed. Returns true when at least one belongs to a loaded row. */
  receive(changes: readonly StockChange[], now: number): boolean {
    let waiting = false;
    for (const change of changes) {
      const id = levelId(change);
      const kept = this.recent.get(id);
      if (!kept || kept.change.version < change.version) {
        this.recent.delete(id);
        this.recent.set(id, { change, at: now });
      }
      if (this.entriesById.has(id)) {
        this.buffer(id, change);
        waiting = true;
      }
    }
    this.forgetOld(now);
    return waiting;
  }

  /** The buffered changes, grouped by the entries that hold their rows. Empties the buffer. */
  take(): EntryChanges<Arg>[] {
    const groups = new Map<string, EntryChanges<Arg>>();
    for (const [id, change] of this.buffered) {
      for (const key of this.entriesById.get(id) ?? []) {
        const entry = this.entries.get(key);
        if (!entry) {
          continue;
        }
        const group = groups.get(key);
        if (group) {
          group.changes.push(change);
        } else {
          groups.set(key, { key, arg: entry.arg, changes: [change] });
        }
      }
    }
    this.buffered.clear();
    return [...groups.values()];
  }

  /** The numbering began anew (another database behind the same address): what was heard before means nothing. */
  forgetChanges(): void {
    this.buffered.clear();
    this.recent.clear();
  }

  clear(): void {
    this.entries.clear();
    this.entriesById.clear();
    this.buffered.clear();
    this.recent.clear();
    this.requests.clear();
  }

  private buffer(id: string, change: StockChange): void {
    const waiting = this.buffered.get(id);
    if (!waiting || waiting.version < change.version) {
      this.buffered.set(id, change);
    }
  }

  /** While a request is on the way everything is kept, up to the bound; otherwise only the last few seconds. */
  private forgetOld(now: number): void {
    for (const [id, { at }] of this.recent) {
      const tooMany = this.recent.size > MAX_RECENT;
      const tooOld = this.requests.size === 0 && now - at > KEEP_RECENT_MS;
      if (!tooMany && !tooOld) {
        break;
      }
      this.recent.delete(id);
    }
  }
}
