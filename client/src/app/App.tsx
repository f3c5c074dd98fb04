// Providers around the routes. Everything that must exist once on the page is put together here.
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { Provider } from 'react-redux';
import { BrowserRouter } from 'react-router';
import { Toasts } from '../components/Toasts.tsx';
import type { LiveConnection } from './live.ts';
import { Router } from './router.tsx';
import type { createStore } from './store.ts';
import { theme } from './theme.ts';

interface Props {
  store: ReturnType<typeof createStore>['store'];
  live: LiveConnection;
}

export function App({ store, live }: Props) {
  return (
    <StrictMode>
      <Provider store={store}>
        {/* The variables and classes are in the style sheet already (vite.config.ts); at run time the CSP refuses them. */}
        <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
          <BrowserRouter>
            <Router live={live} />
          </BrowserRouter>
          <Toasts />
        </MantineProvider>
      </Provider>
    </StrictMode>
  );
}
