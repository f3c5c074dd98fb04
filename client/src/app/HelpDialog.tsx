import { Kbd } from '@mantine/core';
import { Fragment } from 'react';
import { Dialog } from '../components/Dialog.tsx';
import classes from './HelpDialog.module.css';

const SHORTCUTS: { keys: string[]; does: string }[] = [
  { keys: ['/'], does: 'Search' },
  { keys: ['↑', '↓', '←', '→'], does: 'Move in the table' },
  { keys: ['j', 'k'], does: 'Next row, row before' },
  { keys: ['Home', 'End'], does: 'First, last column' },
  { keys: ['Ctrl', 'Home'], does: 'First row' },
  { keys: ['Ctrl', 'End'], does: 'Last row' },
  { keys: ['Page Up', 'Page Down'], does: 'A screen up, down' },
  { keys: ['Enter'], does: 'Adjust the row by ±n; sort on a heading' },
  { keys: ['F2', '+', '-'], does: 'Adjust the row by ±n' },
  { keys: ['Space'], does: 'Open the details of the row' },
  { keys: ['Ctrl', 'Z'], does: 'Take the last adjustment back' },
  { keys: ['Esc'], does: 'Close what is open' },
  { keys: ['?'], does: 'This list' },
];

export default function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className={classes.list}>
        {SHORTCUTS.map(({ keys, does }) => (
          <Fragment key={does}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key} size="sm">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
