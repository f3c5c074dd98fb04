// What slides in from the right: the details of something, or a form for it. The page behind is not locked, which would
// need an inline style sheet.
import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './SidePanel.module.css';
import { useReturnFocus } from './use_return_focus.ts';

interface Props {
  title: string;
  children: ReactNode;
  /** Holds what was typed and not saved: only its own buttons close it, not Esc or a click beside it. */
  unsaved?: boolean;
  onClose: () => void;
}

export function SidePanel({ title, children, unsaved = false, onClose }: Props) {
  useReturnFocus();
  return (
    <Drawer.Root
      opened
      onClose={onClose}
      position="right"
      size={520}
      lockScroll={false}
      closeOnEscape={!unsaved}
      closeOnClickOutside={!unsaved}
      transitionProps={{ duration: 120 }}
    >
      <Drawer.Overlay backgroundOpacity={0.25} />
      <Drawer.Content>
        <div className={classes.head}>
          <Drawer.Title className={classes.title}>{title}</Drawer.Title>
          <Drawer.CloseButton aria-label="Close" />
        </div>
        <Drawer.Body>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
