import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Dialog.module.css';

interface Props {
  title: string;
  children: ReactNode;
  onClose: () => void;
}

/**
 * A dialog over the page. Put together from Mantine's parts with a plain heading: the ready-made one is a `header`
 * element, which counts as a second banner of the page. The page is not locked: that would need an inline style sheet.
 */
export function Dialog({ title, children, onClose }: Props) {
  return (
    <Modal.Root opened onClose={onClose} centered lockScroll={false} transitionProps={{ duration: 80 }}>
      <Modal.Overlay backgroundOpacity={0.4} />
      <Modal.Content>
        <div className={classes.head}>
          <Modal.Title className={classes.title}>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
