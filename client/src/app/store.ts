// The store: shared reducers, RTK Query, and the live connection watching which rows are loaded.
import { configureStore, type Middleware } from '@reduxjs/toolkit';
import { setupListeners } from '@reduxjs/toolkit/query';
import { api, sessionEnded } from '../api/api.ts';
import { type RootState, reducers } from '../api/state.ts';
import { LiveConnection } from './live.ts';

/** The end of a session, from wherever it is noticed, makes `me` null; the router does the rest. */
const sessionMiddleware: Middleware<object, RootState> = (store) => (next) => (action) => {
  const result = next(action);
  if (sessionEnded.match(action)) {
    store.dispatch(api.util.upsertQueryData('me', undefined, null) as never);
  }
  return result;
};

export function createStore() {
  const live = new LiveConnection();
  const store = configureStore({
    reducer: reducers,
    // Pages of rows are patched up to sixty times a second; walking them for each check would cost more than the patch.
    middleware: (defaults) =>
      defaults({ immutableCheck: false, serializableCheck: false }).concat(
        api.middleware,
        sessionMiddleware,
        live.middleware,
      ),
  });
  // Tells RTK Query when the page is hidden, so that nothing is asked again and again for nobody.
  setupListeners(store.dispatch);
  return { store, live };
}
