import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { describe, expect, it } from 'vitest';
import { renderPart } from '../../testing/render.tsx';
import { API, problem, server } from '../../testing/server.ts';
import { ImportPage } from './ImportPage.tsx';

const file = new File(['sku,name,quantity\nA,Chair,1\nB,Table,many\n'], 'products.csv', { type: 'text/csv' });
const errors = [{ line: 3, column: 'quantity', detail: '“many” is not a whole number.' }];

function serveImports() {
  const asked: { query: string; type: string | null; body: string }[] = [];
  server.use(
    http.post(`${API}/imports`, async ({ request }) => {
      const { searchParams } = new URL(request.url);
      asked.push({
        query: searchParams.toString(),
        type: request.headers.get('Content-Type'),
        body: await request.text(),
      });
      const applied = searchParams.get('dry_run') === 'false';
      return HttpResponse.json({ rows: 2, created: 1, updated: 0, skipped: 0, applied, errors });
    }),
  );
  return asked;
}

async function choose() {
  const { container } = renderPart(<ImportPage />);
  const input = container.querySelector<HTMLInputElement>('input[type=file]');
  const person = userEvent.setup();
  await person.upload(input as HTMLInputElement, file);
  return person;
}

describe('ImportPage', () => {
  it('tries the file first and shows the rows that are wrong, with line, column and reason', async () => {
    const asked = serveImports();
    await choose();
    const row = (await screen.findByText('“many” is not a whole number.')).closest('tr');
    expect(row).toHaveTextContent('3');
    expect(row).toHaveTextContent('quantity');
    expect(asked).toEqual([
      { query: 'kind=products&dry_run=true', type: 'text/csv', body: expect.stringContaining('B,Table,many') },
    ]);
    expect(screen.getByRole('button', { name: 'Import 1 row' })).toBeDisabled();
  });

  it('imports the rest only when told to', async () => {
    const asked = serveImports();
    const person = await choose();
    await person.click(await screen.findByLabelText(/Leave out the rows with errors/));
    await person.click(screen.getByRole('button', { name: 'Import 1 row' }));
    expect(await screen.findByText('Imported')).toBeInTheDocument();
    expect(asked[1]?.query).toBe('kind=products&dry_run=false&partial=true');
  });

  it('explains a file that cannot be read at all', async () => {
    server.use(
      http.post(`${API}/imports`, () => problem(400, 'invalid_request', { detail: 'The file has no column “sku”.' })),
    );
    await choose();
    expect(await screen.findByRole('alert')).toHaveTextContent('The file has no column “sku”.');
  });
});
