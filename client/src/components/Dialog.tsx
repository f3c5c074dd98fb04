import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Dialog.module.css';
import { useReturnFocus } from './use_return_focus.ts';

interface Props {
  title: string;
  children: ReactNode;
  /** `wide` for what has columns. */
  size?: 'normal' | 'wide';
  onClose: () => void;
}

const WIDTHS = { normal: 'md', wide: 'lg' };

/**
 * A dialog over the page. Put together from Mantine's parts with a plain heading: the ready-made one is a `header`
 * element, which counts as a second banner of the page. The page is not locked: that would need an inline style sheet.
 */
export function Dialog({ title, children, size = 'normal', onClose }: Props) {
  useReturnFocus();
  return (
    <Modal.Root
      opened
      onClose={onClose}
      size={WIDTHS[size]}
      centered
      lockScroll={false}
      transitionProps={{ duration: 80 }}
    >
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
