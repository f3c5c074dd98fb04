import { Button } from '@mantine/core';
import { useRef } from 'react';
import type { Product } from '../../api/types.ts';
import { FormActions } from '../../components/FormEnd.tsx';
import { SidePanel } from '../../components/SidePanel.tsx';
import { FormProblem } from './FormProblem.tsx';
import { ProductFields } from './ProductFields.tsx';
import classes from './ProductForm.module.css';
import { emptyFields, rememberedCurrency } from './product_form.ts';
import { useNewProduct } from './use_product_form.ts';

interface Props {
  onCreated: (product: Product) => void;
  onClose: () => void;
}

export default function NewProductPanel({ onCreated, onClose }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const { fields, change, submit, busy, locked, mistakes, error } = useNewProduct(form, onCreated);
  const unsaved = JSON.stringify(fields) !== JSON.stringify(emptyFields(rememberedCurrency()));
  return (
    <SidePanel title="New product" unsaved={unsaved} onClose={onClose}>
      <form
        ref={form}
        className={classes.form}
        onSubmit={(event) => void submit(event)}
        aria-label="New product"
        noValidate
      >
        <ProductFields form={{ fields, change, mistakes, disabled: locked }} isNew />
        <FormProblem
          error={error}
          title="The product was not created"
          unknown="The product may have been created. Send it again: it cannot be created twice."
        />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            {locked && !busy ? 'Send again' : 'Create product'}
          </Button>
        </FormActions>
      </form>
    </SidePanel>
  );
}
