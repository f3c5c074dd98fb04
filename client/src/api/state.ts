// The shape of the store. app/store.ts builds it; everyone else only needs the types.
import { api } from './api.ts';
import { connectionSlice } from './connection.ts';

export const reducers = {
  [api.reducerPath]: api.reducer,
  [connectionSlice.name]: connectionSlice.reducer,
};

export type RootState = { [Name in keyof typeof reducers]: ReturnType<(typeof reducers)[Name]> };
