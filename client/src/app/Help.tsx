import { lazy, Suspense, useEffect } from 'react';
import { isTyping } from '../components/keyboard.ts';
import { closeHelp, openHelp, useHelpOpen } from './help_events.ts';

const HelpDialog = lazy(() => import('./HelpDialog.tsx'));

/** `?` opens the cheat-sheet on every page. */
export function Help() {
  const open = useHelpOpen();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === '?' && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        openHelp();
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return open ? (
    <Suspense fallback={null}>
      <HelpDialog onClose={closeHelp} />
    </Suspense>
  ) : null;
}
