// Opening the cheat-sheet from anywhere in the app, without loading it first.
import { useSyncExternalStore } from 'react';

let open = false;
const listeners = new Set<() => void>();

function set(next: boolean): void {
  open = next;
  for (const listener of listeners) {
    listener();
  }
}

export const openHelp = () => set(true);
export const closeHelp = () => set(false);

export function useHelpOpen(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
}
