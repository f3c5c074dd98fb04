import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { cssVariables, theme } from './src/app/theme.ts';

const SERVER = process.env.ONHAND_SERVER ?? 'http://localhost:3000';
const THEME_ID = 'virtual:theme.css';

/**
 * Writes the theme's CSS variables into the style sheet at build time. Mantine would otherwise put them into a
 * <style> element at run time, which the page's Content-Security-Policy (`style-src 'self'`) refuses.
 */
function themeVariables(): Plugin {
  return {
    name: 'theme-variables',
    resolveId: (id) => (id === THEME_ID ? `\0${THEME_ID}` : null),
    load(id) {
      if (id !== `\0${THEME_ID}`) {
        return null;
      }
      const merged = mergeMantineTheme(DEFAULT_THEME, theme);
      const defaults = defaultCssVariablesResolver(merged);
      const ours = cssVariables(merged);
      return convertCssVariables(
        {
          variables: { ...defaults.variables, ...ours.variables },
          light: { ...defaults.light, ...ours.light },
          dark: { ...defaults.dark, ...ours.dark },
        },
        ':root',
      );
    },
  };
}

export default defineConfig({
  plugins: [react(), themeVariables()],
  build: {
    target: 'es2023',
    sourcemap: false,
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(
      ['/api', '/healthz', '/readyz', '/version', '/openapi.json', '/socket.io'].map((path) => [
        path,
        // The Host header stays that of the page, or the server would take the page for another origin.
        { target: SERVER, changeOrigin: false, ws: path === '/socket.io' },
      ]),
    ),
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    restoreMocks: true,
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
