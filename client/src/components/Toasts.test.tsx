import { MantineProvider } from '@mantine/core';
import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Toasts } from './Toasts.tsx';
import { showToast } from './toasts.ts';

beforeEach(() => {
  vi.useFakeTimers();
  render(
    <MantineProvider env="test">
      <Toasts />
    </MantineProvider>,
  );
});
afterEach(() => vi.useRealTimers());

const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));

describe('Toasts', () => {
  it('shows a message for its time', () => {
    act(() => void showToast({ tone: 'info', title: 'Hello', duration: 8_000 }));
    pass(7_999);
    expect(screen.getByText('Hello')).toBeInTheDocument();
    pass(1);
    expect(screen.queryByText('Hello')).toBeNull();
  });

  it('waits while it is pointed at', () => {
    act(() => void showToast({ tone: 'info', title: 'Hello', duration: 8_000 }));
    pass(5_000);
    const toast = screen.getByText('Hello');
    fireEvent.mouseEnter(toast.closest('[data-tone]') as Element);
    pass(60_000);
    expect(toast).toBeInTheDocument();
    fireEvent.mouseLeave(toast.closest('[data-tone]') as Element);
    pass(3_000);
    expect(screen.queryByText('Hello')).toBeNull();
  });

  it('runs its action once and goes', () => {
    const run = vi.fn();
    act(() => void showToast({ tone: 'success', title: 'Done', action: { label: 'Undo', run } }));
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    expect(run).toHaveBeenCalledTimes(1);
    expect(screen.queryByText('Done')).toBeNull();
  });

  it('keeps only the last few', () => {
    act(() => {
      for (let index = 1; index <= 6; index += 1) {
        showToast({ tone: 'info', title: `Message ${index}` });
      }
    });
    expect(screen.getAllByText(/^Message/).map((node) => node.textContent)).toEqual([
      'Message 3',
      'Message 4',
      'Message 5',
      'Message 6',
    ]);
  });
});
