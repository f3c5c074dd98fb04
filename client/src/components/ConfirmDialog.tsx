import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './ConfirmDialog.module.css';
import { Dialog } from './Dialog.tsx';
import { FormActions } from './FormEnd.tsx';

interface Props {
  title: string;
  children: ReactNode;
  confirm: string;
  danger?: boolean;
  busy: boolean;
  /** It cannot be done now; the text says why. */
  disabled?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before what cannot be taken back. The safe answer has the focus. */
export function ConfirmDialog({ title, children, confirm, danger, busy, disabled, onConfirm, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div className={classes.text}>{children}</div>
      <FormActions>
        <Button variant="default" data-autofocus onClick={onClose}>
          Back
        </Button>
        <Button {...(danger && { color: 'red.8' })} loading={busy} disabled={disabled} onClick={onConfirm}>
          {confirm}
        </Button>
      </FormActions>
    </Dialog>
  );
}
