// The form beside the cell that it changes. Esc and a click elsewhere close it.
import { Popover } from '@mantine/core';
import type { KeyboardEvent, RefObject } from 'react';
import type { StockLevel } from '../../api/types.ts';
import { AdjustForm } from './AdjustForm.tsx';

interface Props {
  level: StockLevel;
  typed: RefObject<string>;
  /** Done or given up: the table takes the focus back. */
  onClose: () => void;
  /** Clicked elsewhere: the focus belongs where the click went. */
  onDismiss: () => void;
}

export default function AdjustPopover({ level, typed, onClose, onDismiss }: Props) {
  return (
    <Popover
      opened
      onDismiss={onDismiss}
      position="bottom-end"
      width={360}
      shadow="lg"
      withArrow
      closeOnEscape={false}
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <span aria-hidden="true" />
      </Popover.Target>
      <Popover.Dropdown
        aria-label="Adjust"
        onKeyDown={(event) => {
          // Keys and focus of the form are not those of the cell that React sees around it.
          event.stopPropagation();
          if (event.key === 'Escape') {
            onClose();
          } else if (event.key === 'Tab') {
            keepInside(event);
          }
        }}
        onFocus={(event) => event.stopPropagation()}
        onDoubleClick={(event) => event.stopPropagation()}
        onMouseDown={(event) => event.stopPropagation()}
      >
        <AdjustForm level={level} typed={typed} onClose={onClose} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** Tab goes around inside the form. Mantine's own trap takes the focus back to the first field some time after opening. */
function keepInside(event: KeyboardEvent<HTMLElement>): void {
  const stops = event.currentTarget.querySelectorAll<HTMLElement>('input, select, button:not(:disabled)');
  const [first, last] = [stops[0], stops[stops.length - 1]];
  if (event.target === (event.shiftKey ? first : last)) {
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }
}
