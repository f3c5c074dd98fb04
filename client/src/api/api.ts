// The one RTK Query API of the page. Features add their endpoints with injectEndpoints; nobody else calls fetch.
import { createAction } from '@reduxjs/toolkit';
import {
  type BaseQueryFn,
  createApi,
  type FetchArgs,
  type FetchBaseQueryError,
  type FetchBaseQueryMeta,
  fetchBaseQuery,
} from '@reduxjs/toolkit/query/react';
import type { User } from './types.ts';

const REQUEST_TIMEOUT_MS = 20_000;
const SAFE_METHODS = new Set(['GET', 'HEAD']);

const send = fetchBaseQuery({
  baseUrl: '/api/v1',
  credentials: 'same-origin',
  timeout: REQUEST_TIMEOUT_MS,
});

/** For the few addresses beside the API, which are open to anybody: what they answer says nothing about the session. */
export const sendOutsideApi = fetchBaseQuery({ baseUrl: '/', credentials: 'same-origin', timeout: REQUEST_TIMEOUT_MS });

/** The server no longer knows our session. The store answers with `me = null`, and the app with the sign-in page. */
export const sessionEnded = createAction('session/ended');

/**
 * Adds the same-origin proof that the server asks of every unsafe request by cookie, and notices the end of a session.
 */
const baseQuery: BaseQueryFn<string | FetchArgs, unknown, FetchBaseQueryError, object, FetchBaseQueryMeta> = async (
  args,
  store,
  options,
) => {
  const request: FetchArgs = typeof args === 'string' ? { url: args } : { ...args };
  const method = (request.method ?? 'GET').toUpperCase();
  if (!SAFE_METHODS.has(method)) {
    const headers = new Headers(request.headers as HeadersInit | undefined);
    headers.set('X-Onhand-Client', 'web');
    request.headers = headers;
  }
  const result = await send(request, store, options);
  if (result.error?.status === 401 && !request.url.startsWith('/auth/')) {
    store.dispatch(sessionEnded());
  }
  return result;
};

export const api = createApi({
  reducerPath: 'api',
  baseQuery,
  // Pages of the last view stay for a minute, so that going back shows them at once.
  keepUnusedDataFor: 60,
  tagTypes: [
    'Stock',
    'Level',
    'Movements',
    'Order',
    'Orders',
    'Users',
    'Session',
    'Categories',
    'Product',
    'Locations',
  ],
  endpoints: (build) => ({
    /** Who is signed in; `null` when nobody is. Any other failure stays an error, so that the page can say so. */
    me: build.query<User | null, void>({
      async queryFn(_, _store, _options, fetch) {
        const result = await fetch('/auth/me');
        if (result.error) {
          return result.error.status === 401 ? { data: null } : { error: result.error };
        }
        return { data: (result.data as { user: User }).user };
      },
      providesTags: ['Session'],
    }),
  }),
});

export const { useMeQuery } = api;
