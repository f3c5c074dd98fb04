import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { describe, expect, it, vi } from 'vitest';
import { useStockDetailQuery } from '../../api/levels.ts';
import { renderPart } from '../../testing/render.tsx';
import { level } from '../../testing/samples.ts';
import { API, problem, server } from '../../testing/server.ts';
import { AdjustForm } from './AdjustForm.tsx';
import { useUndoKey } from './use_adjust.ts';

/** The form over live data of product A, as the drawer shows it. */
function Form({ onClose }: { onClose: () => void }) {
  useUndoKey();
  const { data } = useStockDetailQuery('A');
  const row = data && Object.values(data.rows)[0];
  return row ? (
    <>
      <output>{row.on_hand}</output>
      <AdjustForm level={row} onClose={onClose} />
    </>
  ) : null;
}

interface Sent {
  key: string | null;
  body: Record<string, unknown>;
}

function serveAdjustments(answer: (sent: Sent, count: number) => Response | Promise<Response>) {
  const sent: Sent[] = [];
  server.use(
    http.get(`${API}/stock/A`, () => HttpResponse.json({ items: [level('A')] })),
    http.post(`${API}/stock/adjustments`, async ({ request }) => {
      const entry = {
        key: request.headers.get('Idempotency-Key'),
        body: (await request.json()) as Record<string, unknown>,
      };
      sent.push(entry);
      expect(request.headers.get('X-Onhand-Client')).toBe('web');
      return answer(entry, sent.length);
    }),
  );
  return sent;
}

const applied = (onHand: number, version: number) =>
  HttpResponse.json(
    { movement: { seq: version }, level: level('A', { on_hand: onHand, available: onHand - 2, version }) },
    { status: 201 },
  );

async function fill(delta: string, reason?: string) {
  const person = userEvent.setup();
  await person.type(await screen.findByLabelText('Change by'), delta);
  if (reason) {
    await person.selectOptions(screen.getByLabelText('Reason'), reason);
  }
  await person.click(screen.getByRole('button', { name: 'Apply' }));
  return person;
}

describe('AdjustForm', () => {
  it('books the change, says so, and takes it back as a movement of its own', async () => {
    const sent = serveAdjustments((_, count) => (count === 1 ? applied(15, 2) : applied(10, 3)));
    const onClose = vi.fn();
    renderPart(<Form onClose={onClose} />);
    const person = await fill('+5', 'received');
    await waitFor(() => expect(onClose).toHaveBeenCalled());
    expect(screen.getByRole('status')).toHaveTextContent('15');
    expect(sent[0]?.body).toEqual({ sku: 'A', location: 'MAIN', delta: 5, reason: 'received' });

    await person.click(await screen.findByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('10'));
    expect(sent[1]?.body).toEqual({ sku: 'A', location: 'MAIN', delta: -5, reason: 'undo', note: 'Takes back +5' });
    expect(sent[1]?.key).not.toBe(sent[0]?.key);
  });

  it('shows the number it expects at once', async () => {
    let release: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    serveAdjustments(async () => {
      await waiting;
      return applied(7, 2);
    });
    renderPart(<Form onClose={() => undefined} />);
    await fill('-3', 'damaged');
    await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('7'));
    release();
  });

  it('explains a refusal and brings the true number back', async () => {
    serveAdjustments(() => problem(409, 'breaks_promises'));
    const onClose = vi.fn();
    renderPart(<Form onClose={onClose} />);
    await fill('-9', 'damaged');
    expect(await screen.findByRole('alert')).toHaveTextContent('At most 8 can be taken.');
    await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('10'));
    expect(onClose).not.toHaveBeenCalled();
  });

  it('brings the old number back when the server cannot be asked either', async () => {
    serveAdjustments(() => HttpResponse.error());
    renderPart(<Form onClose={() => undefined} />);
    await screen.findByRole('status');
    server.use(http.get(`${API}/stock/A`, () => HttpResponse.error()));
    await fill('-3', 'damaged');
    expect(await screen.findByRole('alert')).toHaveTextContent('cannot be reached');
    await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('10'));
  });

  it('after a stale version shows the current number of the answer, not the one from before', async () => {
    serveAdjustments(() => problem(412, 'version_mismatch', { current: level('A', { on_hand: 55, version: 9 }) }));
    renderPart(<Form onClose={() => undefined} />);
    await fill('+1', 'found');
    expect(await screen.findByRole('alert')).toHaveTextContent('Changed to 55 on hand while you were editing');
    expect(screen.getByRole('status')).toHaveTextContent('55');
  });

  it('sends the same key again when no answer came, and another after a refusal', async () => {
    const sent = serveAdjustments((_, count) =>
      count === 1 ? HttpResponse.error() : count === 2 ? problem(409, 'breaks_promises') : applied(11, 2),
    );
    renderPart(<Form onClose={() => undefined} />);
    const person = await fill('+1', 'found');
    expect(await screen.findByRole('alert')).toHaveTextContent('it will not be booked twice');
    await person.click(screen.getByRole('button', { name: 'Apply' }));
    await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent('promised'));
    await person.click(screen.getByRole('button', { name: 'Apply' }));
    await waitFor(() => expect(sent).toHaveLength(3));
    expect(sent[1]?.key).toBe(sent[0]?.key);
    expect(sent[2]?.key).not.toBe(sent[0]?.key);
  });

  it('asks for a number and a reason before it sends anything', async () => {
    const sent = serveAdjustments(() => applied(0, 0));
    renderPart(<Form onClose={() => undefined} />);
    const person = await fill('many');
    expect(screen.getByText(/A whole number/)).toBeInTheDocument();
    expect(screen.getByText('Choose a reason.')).toBeInTheDocument();
    await person.clear(screen.getByLabelText('Change by'));
    await person.type(screen.getByLabelText('Change by'), '+2');
    await person.selectOptions(screen.getByLabelText('Reason'), 'other');
    await person.click(screen.getByRole('button', { name: 'Apply' }));
    expect(screen.getByText('Say in a few words what happened.')).toBeInTheDocument();
    expect(sent).toEqual([]);
  });
});
