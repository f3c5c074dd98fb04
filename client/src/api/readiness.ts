// What the server says of itself, signed in or not: whether it can serve, and what it has to do without.
import { api, sendOutsideApi } from './api.ts';

export interface Readiness {
  status: 'ok' | 'unavailable';
  /** `redis` is there only where one is configured. Without it everything is served and right, some of it later. */
  checks?: Record<string, 'ok' | 'failed' | 'degraded'>;
}

const readinessApi = api.injectEndpoints({
  endpoints: (build) => ({
    readiness: build.query<Readiness, void>({
      async queryFn(_, store, options) {
        const request = {
          url: 'readyz',
          // A server that cannot serve says the same with 503.
          validateStatus: ({ status }: Response) => status === 200 || status === 503,
        };
        const { data, error } = await sendOutsideApi(request, store, options);
        return error ? { error } : { data: data as Readiness };
      },
    }),
  }),
});

export const { useReadinessQuery } = readinessApi;
