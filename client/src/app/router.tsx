// The pages and their addresses. A page is loaded when it is first opened.
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router';
import { useMeQuery } from '../api/api.ts';
import { may, type Permission, useUser } from '../api/roles.ts';
import { ProblemAlert, Waiting } from '../components/Feedback.tsx';
import { PageHead } from '../components/PageHead.tsx';
import type { LiveConnection } from './live.ts';
import { Shell } from './Shell.tsx';

/** The page at this address is wanted as soon as the session is known; its code can come meanwhile. */
function early<Module>(path: string, load: () => Promise<Module>): () => Promise<Module> {
  const begun = ['/', path].includes(window.location.pathname) ? load() : null;
  return () => begun ?? load();
}

function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazy(async () => ({ default: (await load())[name] }));
}

const SignInPage = page(() => import('../features/session/SignInPage.tsx'), 'SignInPage');
const StockPage = page(
  early('/stock', () => import('../features/stock/StockPage.tsx')),
  'StockPage',
);
const OrdersPage = page(() => import('../features/orders/OrdersPage.tsx'), 'OrdersPage');
const OrderPage = page(() => import('../features/orders/OrderPage.tsx'), 'OrderPage');
const NewOrderPage = page(() => import('../features/orders/NewOrderPage.tsx'), 'NewOrderPage');
const ImportPage = page(() => import('../features/imports/ImportPage.tsx'), 'ImportPage');
const UsersPage = page(() => import('../features/users/UsersPage.tsx'), 'UsersPage');
const LocksPage = page(() => import('../features/locks/LocksPage.tsx'), 'LocksPage');

/** Shows the pages to who is signed in, and the sign-in page, which remembers the way back, to everyone else. */
function SignedIn({ live }: { live: LiveConnection }) {
  const { data: user, error, isLoading, refetch } = useMeQuery();
  const location = useLocation();
  if (isLoading) {
    return <Waiting label="Loading Onhand" />;
  }
  if (error && user === undefined) {
    return (
      <main style={{ maxWidth: 480, margin: '15vh auto', padding: 16 }}>
        <ProblemAlert error={error} title="Onhand cannot be reached" onRetry={() => void refetch()} />
      </main>
    );
  }
  if (!user) {
    return <Navigate to="/sign-in" replace state={{ from: location.pathname + location.search }} />;
  }
  return <Shell live={live} />;
}

function Guarded({ needs, children }: { needs: Permission; children: ReactNode }) {
  return may(useUser(), needs) ? (
    children
  ) : (
    <>
      <PageHead title="Not for your role" />
      <p>Ask an administrator if you need this page.</p>
    </>
  );
}

export function Router({ live }: { live: LiveConnection }) {
  return (
    <Suspense fallback={<Waiting />}>
      <Routes>
        <Route path="/sign-in" element={<SignInPage />} />
        <Route element={<SignedIn live={live} />}>
          <Route index element={<Navigate to="/stock" replace />} />
          <Route path="/stock" element={<StockPage />} />
          <Route path="/orders" element={<OrdersPage />} />
          <Route
            path="/orders/new"
            element={
              <Guarded needs="place_orders">
                <NewOrderPage />
              </Guarded>
            }
          />
          <Route path="/orders/:id" element={<OrderPage />} />
          <Route
            path="/import"
            element={
              <Guarded needs="import_products">
                <ImportPage />
              </Guarded>
            }
          />
          <Route
            path="/users"
            element={
              <Guarded needs="manage_users">
                <UsersPage />
              </Guarded>
            }
          />
          <Route
            path="/locks"
            element={
              <Guarded needs="see_locks">
                <LocksPage />
              </Guarded>
            }
          />
          <Route path="*" element={<PageHead title="There is no such page" />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
