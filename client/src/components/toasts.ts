// Short messages in the corner of the page. A tiny store outside Redux, because a toast may carry an action to run.
import { useSyncExternalStore } from 'react';

export interface Toast {
  id: number;
  tone: 'success' | 'error' | 'info';
  title: string;
  message?: string;
  action?: { label: string; run: () => void };
  /** How long it stays; it stays longer while it is pointed at or has the focus. */
  duration: number;
}

const DEFAULT_DURATION_MS = 5_000;
const MAX_TOASTS = 4;

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function publish(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) {
    listener();
  }
}

export function showToast(toast: Omit<Toast, 'id' | 'duration'> & { duration?: number }): number {
  const id = nextId++;
  publish([...toasts, { duration: DEFAULT_DURATION_MS, ...toast, id }].slice(-MAX_TOASTS));
  return id;
}

export function hideToast(id: number): void {
  publish(toasts.filter((toast) => toast.id !== id));
}

export function clearToasts(): void {
  publish([]);
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}
