// What the page knows about its live connection, and how components say which rows they show.
// The socket itself lives in app/live.ts; this file is the shared vocabulary between it and the features.
import { createAction, createSlice, type PayloadAction } from '@reduxjs/toolkit';
import { useEffect } from 'react';
import { useAppDispatch } from './hooks.ts';

export type ConnectionStatus = 'connecting' | 'live' | 'reconnecting' | 'stale';
export type LevelKey = [sku: string, location: string];

/** Somebody who has the page, or another client of the live feed, open. */
export interface PresentUser {
  id: string;
  name: string;
}

export interface ConnectionState {
  status: ConnectionStatus;
  /** When the page last agreed with the server, in ms since 1970; null before the first time. */
  lastSyncAt: number | null;
  /** The highest feed number seen. */
  head: number;
  /** Rows changed by the feed since the page was opened. A view compares two readings of it. */
  changes: number;
  /** Who is there, oneself included, in the server's order. */
  present: PresentUser[];
  /** How many are there; more than `present` when the server did not name all. */
  presentTotal: number;
}

const initialState: ConnectionState = {
  status: 'connecting',
  lastSyncAt: null,
  head: 0,
  changes: 0,
  present: [],
  presentTotal: 0,
};

export const connectionSlice = createSlice({
  name: 'connection',
  initialState,
  reducers: {
    statusChanged(state, action: PayloadAction<ConnectionStatus>) {
      state.status = action.payload;
    },
    synced(state, action: PayloadAction<{ at: number; head?: number }>) {
      state.lastSyncAt = action.payload.at;
      state.head = Math.max(state.head, action.payload.head ?? 0);
    },
    /** The numbering of the feed began anew, so the old head means nothing. */
    headReset(state, action: PayloadAction<number>) {
      state.head = action.payload;
    },
    rowsChanged(state, action: PayloadAction<number>) {
      state.changes += action.payload;
    },
    presenceChanged(state, { payload }: PayloadAction<{ users: PresentUser[]; total?: number }>) {
      state.present = payload.users;
      state.presentTotal = payload.total ?? payload.users.length;
    },
  },
});

export const { statusChanged, synced, headReset, rowsChanged, presenceChanged } = connectionSlice.actions;

/** A part of the page shows these rows now; an empty list means that it shows none any more. */
export const rowsShown = createAction<{ source: string; keys: LevelKey[] }>('connection/rowsShown');

/** Tells the live connection which rows a component shows, for as long as it is mounted. */
export function useRowsShown(source: string, keys: LevelKey[]): void {
  const dispatch = useAppDispatch();
  const content = JSON.stringify(keys);
  useEffect(() => {
    dispatch(rowsShown({ source, keys: JSON.parse(content) as LevelKey[] }));
  }, [dispatch, source, content]);
  useEffect(
    () => () => {
      dispatch(rowsShown({ source, keys: [] }));
    },
    [dispatch, source],
  );
}
