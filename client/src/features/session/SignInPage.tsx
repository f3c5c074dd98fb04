// The door: sign in, or, while there is no account yet, create the first one.
import { Button, PasswordInput, TextInput, Title } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { Navigate, useLocation } from 'react-router';
import { api, useMeQuery } from '../../api/api.ts';
import { useAppDispatch } from '../../api/hooks.ts';
import { problemOf } from '../../api/problem.ts';
import { type AuthStatus, useAuthStatusQuery, useLoginMutation, useRegisterMutation } from '../../api/session.ts';
import type { User } from '../../api/types.ts';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { Refusal } from '../../components/FormEnd.tsx';
import classes from './SignInPage.module.css';

const PASSWORD_MIN = 8;

export function SignInPage() {
  const { data: user, isLoading } = useMeQuery();
  const status = useAuthStatusQuery(undefined, { skip: isLoading || Boolean(user) });
  const location = useLocation();
  const from = (location.state as { from?: string } | null)?.from ?? '/stock';
  useEffect(() => {
    document.title = 'Sign in · Onhand';
  }, []);
  if (user) {
    return <Navigate to={from} replace />;
  }
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <img src="/favicon.svg" alt="" width={40} height={40} />
          <div>
            <Title order={1} className={classes.name}>
              Onhand
            </Title>
            <p className={classes.claim}>Stock you can trust, live.</p>
          </div>
        </div>
        {status.error ? (
          <ProblemAlert error={status.error} title="Onhand cannot be reached" onRetry={() => void status.refetch()} />
        ) : status.data ? (
          <Forms status={status.data} />
        ) : (
          <Waiting />
        )}
      </div>
    </main>
  );
}

function Forms({ status }: { status: AuthStatus }) {
  const first = !status.has_accounts && status.registration !== 'closed';
  const [registering, setRegistering] = useState(first);
  const dispatch = useAppDispatch();
  const welcome = (user: User) => {
    // Nothing of who was here before may show; the new user is known already.
    dispatch(api.util.resetApiState());
    void dispatch(api.util.upsertQueryData('me', undefined, user));
  };
  if (registering) {
    return <RegisterForm first={first} onDone={welcome} onBack={first ? undefined : () => setRegistering(false)} />;
  }
  return (
    <>
      <LoginForm demo={status.demo} onDone={welcome} />
      {status.registration === 'open' && (
        <Button variant="subtle" size="sm" onClick={() => setRegistering(true)}>
          Create an account
        </Button>
      )}
    </>
  );
}

function LoginForm({ demo, onDone }: { demo: AuthStatus['demo']; onDone: (user: User) => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [login, { isLoading, error }] = useLoginMutation();
  const send = async (credentials: { email: string; password: string }) => {
    const result = await login(credentials);
    if (result.data) {
      onDone(result.data);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send({ email: email.trim(), password });
  };
  const refused = problemOf(error)?.status === 401;
  return (
    <form className={classes.form} onSubmit={submit} aria-label="Sign in">
      {refused ? (
        <Refusal>Email and password do not match an account.</Refusal>
      ) : (
        error && <ProblemAlert error={error} title="Signing in did not work" />
      )}
      <TextInput
        label="Email"
        type="email"
        name="email"
        autoComplete="username"
        required
        withAsterisk={false}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" loading={isLoading}>
        Sign in
      </Button>
      {demo && (
        <div className={classes.demo}>
          <p>
            This is a demo. The account is <code>{demo.email}</code> with the password <code>{demo.password}</code>.
          </p>
          <Button variant="default" size="xs" disabled={isLoading} onClick={() => void send(demo)}>
            Sign in with the demo account
          </Button>
        </div>
      )}
    </form>
  );
}

interface RegisterProps {
  first: boolean;
  onDone: (user: User) => void;
  onBack?: (() => void) | undefined;
}

function RegisterForm({ first, onDone, onBack }: RegisterProps) {
  const [values, setValues] = useState({ name: '', email: '', password: '' });
  const [register, { isLoading, error }] = useRegisterMutation();
  const set = (field: keyof typeof values) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setValues((before) => ({ ...before, [field]: value }));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await register({ ...values, email: values.email.trim(), name: values.name.trim() });
    if (result.data) {
      onDone(result.data);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)} aria-label="Create an account">
      <Title order={2} className={classes.heading}>
        {first ? 'Create the first account' : 'Create an account'}
      </Title>
      {first && <p className={classes.hint}>It administers this Onhand: users, imports, everything.</p>}
      {error && <ProblemAlert error={error} title="The account was not created" />}
      <TextInput
        label="Name"
        name="name"
        autoComplete="name"
        required
        withAsterisk={false}
        value={values.name}
        onChange={set('name')}
      />
      <TextInput
        label="Email"
        type="email"
        name="email"
        autoComplete="username"
        required
        withAsterisk={false}
        value={values.email}
        onChange={set('email')}
      />
      <PasswordInput
        label="Password"
        description={`At least ${PASSWORD_MIN} characters`}
        name="password"
        autoComplete="new-password"
        required
        withAsterisk={false}
        minLength={PASSWORD_MIN}
        value={values.password}
        onChange={set('password')}
      />
      <Button type="submit" loading={isLoading}>
        {first ? 'Create the first account' : 'Create account'}
      </Button>
      {onBack && (
        <Button variant="subtle" size="sm" onClick={onBack}>
          Sign in instead
        </Button>
      )}
    </form>
  );
}
