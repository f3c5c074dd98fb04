import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it } from 'vitest';
import { renderPart } from '../testing/render.tsx';
import { Dialog } from './Dialog.tsx';

function Page({ keepsButton }: { keepsButton: boolean }) {
  const [open, setOpen] = useState(false);
  const [there, setThere] = useState(true);
  const close = () => {
    setThere(keepsButton);
    setOpen(false);
  };
  return (
    <main id="content" tabIndex={-1}>
      {there && (
        <button type="button" onClick={() => setOpen(true)}>
          Ask
        </button>
      )}
      {open && (
        <Dialog title="Really?" onClose={close}>
          <button type="button" data-autofocus onClick={close}>
            Yes
          </button>
        </Dialog>
      )}
    </main>
  );
}

async function askAndAnswer(keepsButton: boolean) {
  renderPart(<Page keepsButton={keepsButton} />);
  await userEvent.click(screen.getByRole('button', { name: 'Ask' }));
  const yes = await screen.findByRole('button', { name: 'Yes' });
  await waitFor(() => expect(yes).toHaveFocus());
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
}

describe('Dialog', () => {
  it('gives the focus back to what opened it', async () => {
    await askAndAnswer(true);
    await waitFor(() => expect(screen.getByRole('button', { name: 'Ask' })).toHaveFocus());
  });

  it('gives the focus to the page when that is gone', async () => {
    await askAndAnswer(false);
    await waitFor(() => expect(screen.getByRole('main')).toHaveFocus());
  });
});
