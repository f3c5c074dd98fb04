import { api } from '../../api/api.ts';
import type { Page, Role, User } from '../../api/types.ts';

export interface NewUser {
  email: string;
  password: string;
  name: string;
  role: Role;
}

export interface UserChange {
  id: string;
  version?: number | undefined;
  role?: Role;
  disabled?: boolean;
}

const userOf = (answer: User | { user: User }) => ('user' in answer ? answer.user : answer);

const usersApi = api.injectEndpoints({
  endpoints: (build) => ({
    users: build.query<User[], void>({
      query: () => ({ url: '/users', params: { limit: 500 } }),
      transformResponse: (answer: Page<User>) => answer.items,
      providesTags: ['Users'],
    }),
    createUser: build.mutation<User, NewUser>({
      query: (body) => ({ url: '/users', method: 'POST', body }),
      transformResponse: userOf,
      invalidatesTags: ['Users'],
    }),
    changeUser: build.mutation<User, UserChange>({
      query: ({ id, version, ...body }) => ({
        url: `/users/${encodeURIComponent(id)}`,
        method: 'PATCH',
        ...(version !== undefined && { headers: { 'If-Match': `"${version}"` } }),
        body,
      }),
      transformResponse: userOf,
      // Also after a refusal: the switch must show what is, not what was wished.
      invalidatesTags: ['Users'],
    }),
  }),
});

export const { useUsersQuery, useCreateUserMutation, useChangeUserMutation } = usersApi;
