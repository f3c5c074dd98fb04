// Who is signed in, the colour scheme, the shortcuts, and the way out.
import { Popover, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/api.ts';
import { useAppDispatch } from '../api/hooks.ts';
import { explain } from '../api/problem.ts';
import { useUser } from '../api/roles.ts';
import { useLogoutMutation } from '../api/session.ts';
import { initials, inWords } from '../components/format.ts';
import { AutoIcon, KeyboardIcon, MoonIcon, SunIcon } from '../components/icons.tsx';
import { showToast } from '../components/toasts.ts';
import { openHelp } from './help_events.ts';
import classes from './UserMenu.module.css';

const SCHEMES = [
  { value: 'light', label: 'Light', icon: SunIcon },
  { value: 'dark', label: 'Dark', icon: MoonIcon },
  { value: 'auto', label: 'As the system', icon: AutoIcon },
] as const;

export function UserMenu() {
  const user = useUser();
  const [open, setOpen] = useState(false);
  if (!user) {
    return null;
  }
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-end"
      width={230}
      shadow="md"
      withinPortal={false}
      trapFocus
      returnFocus
      transitionProps={{ duration: 80 }}
    >
      <Popover.Target>
        <UnstyledButton
          className={classes.target}
          aria-label={`${initials(user.name)}: account of ${user.name}`}
          onClick={() => setOpen((before) => !before)}
        >
          {initials(user.name)}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={6} aria-label="Account">
        <div className={classes.who}>
          <strong>{user.name}</strong>
          <span>{user.email}</span>
          <span>{inWords(user.role)}</span>
        </div>
        <Schemes />
        <Actions onDone={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Schemes() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <fieldset className={classes.group}>
      <legend>Appearance</legend>
      {SCHEMES.map(({ value, label, icon: Icon }) => (
        <UnstyledButton
          key={value}
          className={classes.item}
          aria-pressed={colorScheme === value}
          onClick={() => setColorScheme(value)}
        >
          <Icon />
          {label}
        </UnstyledButton>
      ))}
    </fieldset>
  );
}

function Actions({ onDone }: { onDone: () => void }) {
  const navigate = useNavigate();
  const dispatch = useAppDispatch();
  const [logout] = useLogoutMutation();
  const signOut = async () => {
    const result = await logout();
    if (result.error && (result.error as { status?: unknown }).status !== 401) {
      showToast({ tone: 'error', title: 'You are still signed in', message: explain(result.error) });
      return;
    }
    navigate('/sign-in', { replace: true });
    dispatch(api.util.resetApiState());
  };
  return (
    <div className={classes.group}>
      <UnstyledButton
        className={classes.item}
        onClick={() => {
          onDone();
          openHelp();
        }}
      >
        <KeyboardIcon />
        Keyboard shortcuts
        <kbd>?</kbd>
      </UnstyledButton>
      <UnstyledButton className={classes.item} onClick={() => void signOut()}>
        Sign out
      </UnstyledButton>
    </div>
  );
}
