// The fields of a product, for a new one and for an edit.
import { NativeSelect, TextInput } from '@mantine/core';
import { useId } from 'react';
import { useCategoriesQuery } from '../../api/levels.ts';
import { AttributesField } from './AttributesField.tsx';
import classes from './ProductForm.module.css';
import { useLocationsQuery } from './product_api.ts';
import type { FieldName, ProductFields as Fields, Mistakes } from './product_form.ts';

/** The server's bounds, in bytes; a text of letters beyond ASCII may be refused before. */
const MAX = { sku: 64, name: 256, category: 128, barcode: 64, amount: 17, currency: 3, number: 20 };

export interface FormOf {
  fields: Fields;
  mistakes: Mistakes;
  disabled: boolean;
  change: (part: Partial<Fields>) => void;
}

type TextName = Exclude<FieldName, 'attributes'>;

/** What a text field of the form needs, beside its label. */
function bind({ fields, mistakes, disabled, change }: FormOf, name: TextName, maxLength: number) {
  return {
    value: fields[name],
    error: mistakes[name],
    disabled,
    maxLength,
    autoComplete: 'off',
    onChange: (event: { currentTarget: { value: string } }) => change({ [name]: event.currentTarget.value }),
  };
}

export function ProductFields({ form, isNew = false }: { form: FormOf; isNew?: boolean }) {
  return (
    <>
      {isNew && (
        <TextInput
          label="SKU"
          description="Names the product for good: it cannot be changed later."
          required
          data-autofocus
          spellCheck={false}
          {...bind(form, 'sku', MAX.sku)}
        />
      )}
      <TextInput label="Name" required {...(!isNew && { 'data-autofocus': true })} {...bind(form, 'name', MAX.name)} />
      <div className={classes.pair}>
        <Category form={form} />
        <TextInput label="Barcode" spellCheck={false} {...bind(form, 'barcode', MAX.barcode)} />
      </div>
      <div className={classes.price}>
        <TextInput label="Price" inputMode="decimal" placeholder="12.50" {...bind(form, 'amount', MAX.amount)} />
        <TextInput label="Currency" spellCheck={false} {...bind(form, 'currency', MAX.currency)} />
        <TextInput
          label="Reorder point"
          inputMode="numeric"
          placeholder="0"
          {...bind(form, 'reorder_point', MAX.number)}
        />
      </div>
      {isNew && <OpeningStock form={form} />}
      <AttributesField
        rows={form.fields.attributes}
        mistake={form.mistakes.attributes}
        disabled={form.disabled}
        onChange={(attributes) => form.change({ attributes })}
      />
    </>
  );
}

/** The categories in use are offered; another one may be typed. */
function Category({ form }: { form: FormOf }) {
  const { data: categories = [] } = useCategoriesQuery();
  const listId = useId();
  return (
    <>
      <TextInput label="Category" list={listId} {...bind(form, 'category', MAX.category)} />
      <datalist id={listId}>
        {categories.map((category) => (
          <option key={category} value={category} />
        ))}
      </datalist>
    </>
  );
}

function OpeningStock({ form }: { form: FormOf }) {
  const { data: locations = [] } = useLocationsQuery();
  const { opening_location: chosen } = form.fields;
  return (
    <div className={classes.pair}>
      <TextInput
        label="Opening stock"
        inputMode="numeric"
        placeholder="0"
        {...bind(form, 'opening_quantity', MAX.number)}
      />
      <NativeSelect
        label="Location"
        data={locations.includes(chosen) ? locations : [chosen, ...locations]}
        value={chosen}
        error={form.mistakes.opening_location}
        disabled={form.disabled}
        onChange={(event) => form.change({ opening_location: event.currentTarget.value })}
      />
    </div>
  );
}
