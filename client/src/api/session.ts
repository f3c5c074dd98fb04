// Signing in and out. The session itself is a cookie that scripts cannot read.
import { api } from './api.ts';
import type { User } from './types.ts';

export interface AuthStatus {
  registration: 'first' | 'open' | 'closed';
  has_accounts: boolean;
  demo: { email: string; password: string } | null;
}

export interface Credentials {
  email: string;
  password: string;
}

export interface Registration extends Credentials {
  name: string;
}

const userOf = (answer: { user: User }) => answer.user;

const sessionApi = api.injectEndpoints({
  endpoints: (build) => ({
    authStatus: build.query<AuthStatus, void>({ query: () => '/auth/status', keepUnusedDataFor: 0 }),
    login: build.mutation<User, Credentials>({
      query: (body) => ({ url: '/auth/login', method: 'POST', body }),
      transformResponse: userOf,
    }),
    register: build.mutation<User, Registration>({
      query: (body) => ({ url: '/auth/register', method: 'POST', body }),
      transformResponse: userOf,
    }),
    logout: build.mutation<void, void>({
      query: () => ({ url: '/auth/logout', method: 'POST' }),
    }),
  }),
});

export const { useAuthStatusQuery, useLoginMutation, useRegisterMutation, useLogoutMutation } = sessionApi;
