import { Button, NativeSelect, PasswordInput, Switch, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { explain } from '../../api/problem.ts';
import { useUser } from '../../api/roles.ts';
import type { Role, User } from '../../api/types.ts';
import table from '../../components/data_table.module.css';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { FormActions } from '../../components/FormEnd.tsx';
import { inWords, plural } from '../../components/format.ts';
import { PageHead } from '../../components/PageHead.tsx';
import page from '../../components/page.module.css';
import { showToast } from '../../components/toasts.ts';
import { useChangeUserMutation, useCreateUserMutation, useUsersQuery } from './api.ts';
import classes from './UsersPage.module.css';

const ROLES: Role[] = ['viewer', 'clerk', 'manager', 'admin'];
const ROLE_OPTIONS = ROLES.map((role) => ({ value: role, label: inWords(role) }));
const PASSWORD_MIN = 8;

export function UsersPage() {
  const { data, error, refetch } = useUsersQuery(undefined, { refetchOnMountOrArgChange: true });
  const [adding, setAdding] = useState(false);
  return (
    <div className={page.narrow}>
      <PageHead title="Users" note={data ? plural(data.length, 'account') : undefined}>
        {!adding && (
          <Button size="xs" onClick={() => setAdding(true)}>
            New user
          </Button>
        )}
      </PageHead>
      {adding && <NewUserForm onClose={() => setAdding(false)} />}
      {error && !data ? (
        <ProblemAlert error={error} title="The users cannot be shown" onRetry={() => void refetch()} />
      ) : data ? (
        <UserTable users={data} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}

function UserTable({ users }: { users: readonly User[] }) {
  return (
    <div className={table.scroller}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className={table.wide}>
              Email
            </th>
            <th scope="col">Role</th>
            <th scope="col">May sign in</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <UserRow key={user.id} user={user} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function UserRow({ user }: { user: User }) {
  const me = useUser();
  const [change, { isLoading }] = useChangeUserMutation();
  const own = me?.id === user.id;
  const apply = async (part: { role?: Role; disabled?: boolean }) => {
    const result = await change({ id: user.id, version: user.version, ...part });
    if (result.error) {
      showToast({ tone: 'error', title: `${user.name} was not changed`, message: explain(result.error) });
    }
  };
  return (
    <tr>
      <td className={table.wrap}>
        {user.name}
        {own && <span className={table.quiet}> (you)</span>}
      </td>
      <td className={`${table.wide} ${table.wrap}`}>{user.email}</td>
      <td className={classes.role}>
        <NativeSelect
          aria-label={`Role of ${user.name}`}
          size="xs"
          data={ROLE_OPTIONS}
          value={user.role}
          disabled={own || isLoading}
          onChange={(event) => void apply({ role: event.currentTarget.value as Role })}
        />
      </td>
      <td>
        <Switch
          aria-label={`${user.name} may sign in`}
          checked={!user.disabled}
          disabled={own || isLoading}
          onChange={(event) => void apply({ disabled: !event.currentTarget.checked })}
        />
      </td>
    </tr>
  );
}

function NewUserForm({ onClose }: { onClose: () => void }) {
  const [values, setValues] = useState({ name: '', email: '', password: '', role: 'clerk' as Role });
  const [create, { isLoading, error }] = useCreateUserMutation();
  const set = (part: Partial<typeof values>) => setValues((before) => ({ ...before, ...part }));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await create({ ...values, name: values.name.trim(), email: values.email.trim() });
    if (result.data) {
      showToast({ tone: 'success', title: `${result.data.name} can sign in now` });
      onClose();
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)} aria-label="New user">
      {error && <ProblemAlert error={error} title="The user was not created" />}
      <TextInput
        label="Name"
        required
        autoComplete="off"
        value={values.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label="Email"
        type="email"
        required
        autoComplete="off"
        value={values.email}
        onChange={(event) => set({ email: event.currentTarget.value })}
      />
      <PasswordInput
        label="First password"
        required
        minLength={PASSWORD_MIN}
        autoComplete="new-password"
        value={values.password}
        onChange={(event) => set({ password: event.currentTarget.value })}
      />
      <NativeSelect
        label="Role"
        data={ROLE_OPTIONS}
        value={values.role}
        onChange={(event) => set({ role: event.currentTarget.value as Role })}
      />
      <FormActions>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={isLoading}>
          Create
        </Button>
      </FormActions>
    </form>
  );
}
