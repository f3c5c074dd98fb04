// The rooms of the page: shared code (api, components) below features, features below the app, no feature beside
// another. Lint says it in the editor; this test says it for every file, and holds the length of files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '..');
const MAX_LINES = 600;
const MAX_COMPONENT_LINES = 260;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|tsx)$/.test(name) && !name.endsWith('.d.ts'))
  .map((name) => ({ name, text: readFileSync(join(SOURCE, name), 'utf8') }));

/** `app`, `shared`, `testing`, or `features/<name>`. */
function roomOf(name: string): string {
  const [top = '', second = ''] = name.split('/');
  if (top === 'features') {
    return `features/${second}`;
  }
  return top === 'api' || top === 'components' ? 'shared' : name === 'main.tsx' ? 'app' : top;
}

function isAllowed(from: string, to: string): boolean {
  return from === to || to === 'shared' || from === 'testing' || (from === 'app' && to.startsWith('features/'));
}

function importsOf({ name, text }: { name: string; text: string }): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path = '']) =>
    relative(SOURCE, resolve(SOURCE, dirname(name), path)),
  );
}

describe('layers', () => {
  it('finds the source', () => {
    expect(files.length).toBeGreaterThan(50);
  });

  it('imports only downwards: shared, then features, then app', () => {
    const wrong = files
      .filter(({ name }) => !name.includes('.test.'))
      .flatMap((file) => importsOf(file).map((target) => [file.name, target] as const))
      .filter(([from, to]) => !isAllowed(roomOf(from), roomOf(to)));
    expect(wrong).toEqual([]);
  });

  it('keeps files short', () => {
    const long = files
      .map(({ name, text }) => ({ name, lines: text.split('\n').length }))
      .filter(({ name, lines }) => lines > (name.endsWith('.tsx') ? MAX_COMPONENT_LINES : MAX_LINES));
    expect(long).toEqual([]);
  });

  it('talks to the server in one place, and to the socket in one place', () => {
    const uses = (pattern: RegExp) =>
      files.filter(({ name, text }) => !name.includes('test') && pattern.test(text)).map(({ name }) => name);
    expect(uses(/\bfetch\(`|\bfetch\('http|XMLHttpRequest|createApi\(/)).toEqual(['api/api.ts']);
    expect(uses(/import\('socket\.io-client'\)/)).toEqual(['app/live.ts']);
  });
});
