import { api } from '../../api/api.ts';

/** The most that the server lists at once. */
export const LOCKS_MAX = 500;

export interface ProductLock {
  sku: string;
  /** Instance and lane. */
  owner: string;
  held_ms: number;
  lease_left_ms: number;
  /** In line, first one first. */
  waiting: string[];
}

/** `none`: this server uses no locks; `degraded`: it would, but Redis does not answer. */
export type LockMode = 'none' | 'redis' | 'degraded';

export interface LockList {
  mode: LockMode;
  /** Of all instances. */
  items: ProductLock[];
  /** Of the instance that answered, since it started. */
  totals: { acquired: number; refused: number; handed_over: number; away: number };
}

const locksApi = api.injectEndpoints({
  endpoints: (build) => ({
    locks: build.query<LockList, void>({
      query: () => ({ url: '/admin/locks', params: { limit: LOCKS_MAX } }),
      // What was held a moment ago is not worth keeping.
      keepUnusedDataFor: 0,
    }),
  }),
});

export const { useLocksQuery } = locksApi;
