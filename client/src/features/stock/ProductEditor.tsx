import { Alert, Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Product } from '../../api/types.ts';
import { FormActions } from '../../components/FormEnd.tsx';
import { FormProblem } from './FormProblem.tsx';
import { ProductFields } from './ProductFields.tsx';
import classes from './ProductForm.module.css';
import type { News } from './product_form.ts';
import { useProductEdit } from './use_product_form.ts';

interface Props {
  product: Product;
  onDone: () => void;
}

export function ProductEditor({ product, onDone }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const edit = useProductEdit(product, form, onDone);
  const { fields, change, mistakes, busy } = edit;
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  return (
    <form
      ref={form}
      className={classes.form}
      onSubmit={(event) => void edit.submit(event)}
      aria-label={`Edit ${product.sku}`}
      noValidate
    >
      {edit.news.length > 0 && <Meanwhile news={edit.news} onChoose={edit.choose} />}
      <ProductFields form={{ fields, change, mistakes, disabled: busy }} />
      <FormProblem
        error={edit.error}
        title="The product was not changed"
        unknown="The change may have been made. Press Save again: nothing is changed twice."
      />
      <FormActions>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button type="submit" loading={busy} disabled={!edit.changed}>
          Save
        </Button>
      </FormActions>
    </form>
  );
}

interface MeanwhileProps {
  news: readonly News[];
  onChoose: (news: News, whose: 'mine' | 'theirs') => void;
}

/** What somebody else changed while this was typed, and whose it is now. */
function Meanwhile({ news, onChoose }: MeanwhileProps) {
  return (
    <Alert color="yellow" title="Someone changed this product while you were editing" role="alert">
      <p>Your changes are not saved yet. Look at them again, then save.</p>
      <ul className={classes.news}>
        {news.map((each) => (
          <li key={each.field}>
            <span>
              <strong>{each.label}</strong>: <del>{each.before}</del> → <ins>{each.now}</ins>
              {each.whose === 'contested' && '. You changed it too: choose before you save.'}
              {each.whose === 'mine' && '. Saving replaces theirs.'}
            </span>
            {each.whose === 'contested' && <Choice onChoose={(whose) => onChoose(each, whose)} />}
          </li>
        ))}
      </ul>
    </Alert>
  );
}

function Choice({ onChoose }: { onChoose: (whose: 'mine' | 'theirs') => void }) {
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => onChoose('mine')}>
        Keep mine
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => onChoose('theirs')}>
        Take theirs
      </Button>
    </>
  );
}
