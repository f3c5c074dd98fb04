import { render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveNumber } from './LiveNumber.tsx';

const animate = vi.fn((_frames: Keyframe[]) => ({ cancel: vi.fn() }));
let calm = false;

beforeEach(() => {
  calm = false;
  animate.mockClear();
  Element.prototype.animate = animate as never;
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => ({ matches: calm, media: query }) as MediaQueryList);
});
afterEach(() => vi.restoreAllMocks());

const show = (value: number) => (
  <output>
    <LiveNumber value={value} />
  </output>
);
const flashed = () => animate.mock.calls.some(([frames]) => frames.some((frame) => 'backgroundColor' in frame));

describe('LiveNumber', () => {
  it('does not flash when it appears', () => {
    render(show(5));
    expect(animate).not.toHaveBeenCalled();
    expect(screen.getByRole('status')).toHaveTextContent(/^5$/);
  });

  it('flashes and points the way when it changes', () => {
    const { rerender } = render(show(5));
    rerender(show(7));
    expect(screen.getByRole('status')).toHaveTextContent('▲7');
    expect(flashed()).toBe(true);
    rerender(show(6));
    expect(screen.getByRole('status')).toHaveTextContent('▼6');
  });

  it('runs one flash at a time', () => {
    const { rerender } = render(show(5));
    rerender(show(6));
    const first = animate.mock.results[0]?.value;
    rerender(show(7));
    expect(first?.cancel).toHaveBeenCalled();
  });

  it('only shows the arrow to those who want no motion', () => {
    calm = true;
    const { rerender } = render(show(5));
    rerender(show(7));
    expect(screen.getByRole('status')).toHaveTextContent('▲7');
    expect(flashed()).toBe(false);
  });
});
