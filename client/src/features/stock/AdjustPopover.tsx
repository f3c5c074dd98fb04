// The form beside the cell that it changes. Esc and a click elsewhere close it.
import { Popover } from '@mantine/core';
import type { StockLevel } from '../../api/types.ts';
import { AdjustForm } from './AdjustForm.tsx';

interface Props {
  level: StockLevel;
  /** Done or given up: the table takes the focus back. */
  onClose: () => void;
  /** Clicked elsewhere: the focus belongs where the click went. */
  onDismiss: () => void;
}

export default function AdjustPopover({ level, onClose, onDismiss }: Props) {
  return (
    <Popover
      opened
      onDismiss={onDismiss}
      position="bottom-end"
      width={360}
      shadow="lg"
      trapFocus
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
          // Keys of the form are not keys of the table around it.
          event.stopPropagation();
          if (event.key === 'Escape') {
            onClose();
          }
        }}
        onDoubleClick={(event) => event.stopPropagation()}
        onMouseDown={(event) => event.stopPropagation()}
      >
        <AdjustForm level={level} onClose={onClose} />
      </Popover.Dropdown>
    </Popover>
  );
}
