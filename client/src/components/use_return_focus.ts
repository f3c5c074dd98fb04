// Gives the focus back to where it was before a dialog or a panel was opened, when it is closed again. Ours are there
// only while they are open, so that Mantine, which waits for them to be closed, never gets to it.
import { useLayoutEffect } from 'react';

export function useReturnFocus(): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    return () => {
      // After everything that is closed together is gone.
      queueMicrotask(() => {
        if (before instanceof HTMLElement && before !== document.body && before.isConnected) {
          before.focus({ preventScroll: true });
        } else if (document.activeElement === document.body) {
          // What opened it is no longer there; the page itself is better than the start of everything.
          document.getElementById('content')?.focus({ preventScroll: true });
        }
      });
    };
  }, []);
}
