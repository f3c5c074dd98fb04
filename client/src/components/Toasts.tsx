import { Button, CloseButton } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import classes from './Toasts.module.css';
import { hideToast, type Toast, useToasts } from './toasts.ts';

function ToastCard({ toast }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  const remaining = useRef(toast.duration);
  useEffect(() => {
    if (held) {
      return undefined;
    }
    const since = Date.now();
    const timer = setTimeout(() => hideToast(toast.id), remaining.current);
    return () => {
      clearTimeout(timer);
      remaining.current -= Date.now() - since;
    };
  }, [held, toast.id]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing at it only pauses the clock; nothing is operated
    <div
      className={classes.toast}
      data-tone={toast.tone}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <div className={classes.text}>
        <strong>{toast.title}</strong>
        {toast.message && <span>{toast.message}</span>}
      </div>
      {toast.action && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => {
            hideToast(toast.id);
            toast.action?.run();
          }}
        >
          {toast.action.label}
        </Button>
      )}
      <CloseButton size="sm" aria-label="Dismiss" onClick={() => hideToast(toast.id)} />
    </div>
  );
}

/** The live region is always there, or screen readers would miss the first message. */
export function Toasts() {
  const toasts = useToasts();
  return (
    <section className={classes.region} aria-label="Messages" aria-live="polite">
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>
  );
}
