// The frame around every page: navigation, the state of the connection, who is signed in. It opens the live connection.
import { Button } from '@mantine/core';
import { Suspense, useEffect } from 'react';
import { Link, NavLink, Outlet, useLocation } from 'react-router';
import { may, type Permission, useUser } from '../api/roles.ts';
import { Waiting } from '../components/Feedback.tsx';
import { BoxIcon, LockIcon, PeopleIcon, PlusIcon, ReceiptIcon, UploadIcon } from '../components/icons.tsx';
import { DegradedNotice } from './DegradedNotice.tsx';
import { Help } from './Help.tsx';
import { ConnectionBanner, LiveBadge } from './LiveBadge.tsx';
import type { LiveConnection } from './live.ts';
import { Presence } from './Presence.tsx';
import classes from './Shell.module.css';
import { UserMenu } from './UserMenu.tsx';

const NAVIGATION: { to: string; label: string; icon: typeof BoxIcon; needs?: Permission }[] = [
  { to: '/stock', label: 'Stock', icon: BoxIcon },
  { to: '/orders', label: 'Orders', icon: ReceiptIcon },
  { to: '/import', label: 'Import', icon: UploadIcon, needs: 'import_products' },
  { to: '/users', label: 'Users', icon: PeopleIcon, needs: 'manage_users' },
  { to: '/locks', label: 'Locks', icon: LockIcon, needs: 'see_locks' },
];

export function Shell({ live }: { live: LiveConnection }) {
  const user = useUser();
  const { pathname } = useLocation();
  useEffect(() => {
    void live.start();
    return () => live.stop();
  }, [live]);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <header className={classes.header}>
        <Link to="/stock" className={classes.brand} aria-label="Onhand, to the stock page">
          <img src="/favicon.svg" alt="" width={26} height={26} />
          <span>Onhand</span>
        </Link>
        <nav className={classes.navigation} aria-label="Main">
          {NAVIGATION.filter(({ needs }) => !needs || may(user, needs)).map(({ to, label, icon: Icon }) => (
            <NavLink key={to} to={to} className={classes.link}>
              <Icon />
              <span>{label}</span>
            </NavLink>
          ))}
        </nav>
        <div className={classes.tools}>
          <Presence />
          <LiveBadge />
          {may(user, 'place_orders') && pathname !== '/orders/new' && (
            <Button
              component={Link}
              to="/orders/new"
              size="xs"
              leftSection={<PlusIcon />}
              className={classes.newOrder}
              aria-label="New order"
            >
              <span className={classes.newOrderText}>New order</span>
            </Button>
          )}
          <UserMenu />
        </div>
      </header>
      <ConnectionBanner />
      <DegradedNotice />
      <main id="content" className={classes.content} tabIndex={-1}>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </main>
      <Help />
    </div>
  );
}
