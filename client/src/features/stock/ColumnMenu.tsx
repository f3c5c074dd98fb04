import { Button, Checkbox, Popover } from '@mantine/core';
import { ColumnsIcon } from '../../components/icons.tsx';
import { columns, HIDDEN_AT_FIRST } from './columns.tsx';
import classes from './Toolbar.module.css';

const PREFERENCE = 'onhand.columns';

const HIDEABLE = columns
  .filter((column) => column.enableHiding !== false)
  .map((column) => ({
    id: column.id ?? String((column as { accessorKey?: string }).accessorKey),
    label: String(column.header),
  }));

/** Which columns are shown; `false` hides one, as TanStack Table has it. */
export function readHidden(): Record<string, boolean> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(PREFERENCE) ?? 'null');
    return stored && typeof stored === 'object' ? (stored as Record<string, boolean>) : HIDDEN_AT_FIRST;
  } catch {
    return HIDDEN_AT_FIRST;
  }
}

export function ColumnMenu({
  hidden,
  onHide,
}: {
  hidden: Record<string, boolean>;
  onHide: (hidden: Record<string, boolean>) => void;
}) {
  const toggle = (id: string) => {
    const next = { ...hidden, [id]: hidden[id] === false };
    try {
      localStorage.setItem(PREFERENCE, JSON.stringify(next));
    } catch {
      // Then it holds until the page is left.
    }
    onHide(next);
  };
  return (
    <Popover
      position="bottom-end"
      shadow="md"
      width={190}
      withinPortal={false}
      trapFocus
      returnFocus
      transitionProps={{ duration: 80 }}
    >
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<ColumnsIcon />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <div className={classes.columns}>
          {HIDEABLE.map(({ id, label }) => (
            <Checkbox key={id} label={label} checked={hidden[id] !== false} onChange={() => toggle(id)} />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
