// Renders parts of the page as the app does, with a store of their own and addresses in memory.
import { MantineProvider } from '@mantine/core';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { Provider } from 'react-redux';
import { MemoryRouter } from 'react-router';
import { LiveConnection } from '../app/live.ts';
import { Router } from '../app/router.tsx';
import { createStore } from '../app/store.ts';
import { Toasts } from '../components/Toasts.tsx';

export function renderPart(part: ReactNode, { at = '/' } = {}) {
  const { store, live } = createStore();
  const result = render(
    <Provider store={store}>
      <MantineProvider env="test">
        <MemoryRouter initialEntries={[at]}>{part}</MemoryRouter>
        <Toasts />
      </MantineProvider>
    </Provider>,
  );
  return { ...result, store, live };
}

/** The whole app at an address, without a live connection. */
export function renderApp(at: string) {
  const live = new LiveConnection();
  live.start = async () => undefined;
  return renderPart(<Router live={live} />, { at });
}
