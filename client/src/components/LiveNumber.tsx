// A number that shows that it changed: a short flash and ▲ or ▼, by Element.animate, without any state. The flash
// stays faint enough for the contrast of the text in dark mode.
import { memo, useEffect, useRef } from 'react';
import { formatQuantity } from './format.ts';
import classes from './LiveNumber.module.css';

const FLASH_MS = 900;
const ARROW_MS = 1_800;
/** A number with more digits and marks is drawn smaller: a thousand million, where a column has room for ten million. */
const LONG_NUMBER = 11;
const UP = 'rgb(18 184 134 / 0.28)';
const DOWN = 'rgb(250 82 82 / 0.26)';

export function prefersReducedMotion(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

export const LiveNumber = memo(function LiveNumber({ value, strong }: { value: number; strong?: boolean }) {
  const text = formatQuantity(value);
  const cell = useRef<HTMLSpanElement>(null);
  const arrow = useRef<HTMLSpanElement>(null);
  const last = useRef(value);
  const running = useRef<Animation[]>([]);
  useEffect(() => {
    const before = last.current;
    last.current = value;
    if (before === value || !cell.current || !arrow.current) {
      return;
    }
    const up = value > before;
    arrow.current.textContent = up ? '▲' : '▼';
    arrow.current.dataset.up = String(up);
    // A number that changes many times a second has one flash at a time, not a pile of them.
    for (const animation of running.current) {
      animation.cancel();
    }
    // With reduced motion the arrow still appears and goes; only the fading is left out.
    const calm = prefersReducedMotion();
    const fade = arrow.current.animate?.([{ opacity: 1 }, { opacity: 1, offset: 0.7 }, { opacity: 0 }], {
      duration: ARROW_MS,
      easing: calm ? 'steps(1, end)' : 'ease-out',
    });
    const flash = calm
      ? undefined
      : cell.current.animate?.([{ backgroundColor: up ? UP : DOWN }, { backgroundColor: 'transparent' }], {
          duration: FLASH_MS,
          easing: 'ease-out',
        });
    running.current = [fade, flash].filter((animation) => animation !== undefined);
  }, [value]);
  return (
    <span
      ref={cell}
      className={classes.number}
      data-strong={strong || undefined}
      data-long={text.length > LONG_NUMBER || undefined}
    >
      <span ref={arrow} className={classes.arrow} aria-hidden="true" />
      {text}
    </span>
  );
});
