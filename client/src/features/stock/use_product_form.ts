// Sending the form for a product: a new one, or a change. Both know what to do when no answer comes: a new product is
// sent again under its key, a change again on its version, so that neither can happen twice.
import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { KeyKeeper } from '../../api/idempotency.ts';
import { outcomeUnknown, problemOf } from '../../api/problem.ts';
import type { Product } from '../../api/types.ts';
import { showToast } from '../../components/toasts.ts';
import {
  currentProduct,
  type NewProduct,
  type ProductValues,
  useCreateProductMutation,
  useUpdateProductMutation,
} from './product_api.ts';
import {
  changeOf,
  emptyFields,
  hasChange,
  type Mistakes,
  type News,
  type ProductFields,
  placeErrors,
  readFields,
  rebase,
  rememberCurrency,
  rememberedCurrency,
  take,
  toFields,
  toNewProduct,
} from './product_form.ts';

/** What is wrong: beside the fields, and for the whole form. The first wrong field gets the focus. */
function useMistakes(form: RefObject<HTMLFormElement | null>) {
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const [error, setError] = useState<unknown>(null);
  const wanted = useRef(false);
  useEffect(() => {
    if (wanted.current && Object.keys(mistakes).length > 0) {
      wanted.current = false;
      form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
  }, [form, mistakes]);
  const complain = (next: Mistakes) => {
    wanted.current = true;
    setMistakes(next);
  };
  return {
    mistakes,
    error,
    complain,
    /** Puts an error of the server where it belongs. */
    fail: (failure: unknown) => {
      const placed = placeErrors(problemOf(failure)?.errors ?? []);
      complain(placed.mistakes);
      setError(placed.all ? null : failure);
    },
    forgive: (part: Partial<ProductFields>) => {
      const names = Object.keys(part) as (keyof Mistakes)[];
      if (names.some((name) => mistakes[name])) {
        setMistakes(Object.fromEntries(Object.entries(mistakes).filter(([name]) => !names.includes(name as never))));
      }
    },
    clear: () => {
      setMistakes({});
      setError(null);
    },
  };
}

export function useNewProduct(form: RefObject<HTMLFormElement | null>, onCreated: (product: Product) => void) {
  const [fields, setFields] = useState(() => emptyFields(rememberedCurrency()));
  /** What was sent and not yet answered for certain. While it stands, only the very same may be sent again. */
  const [sent, setSent] = useState<NewProduct | null>(null);
  const [create, { isLoading }] = useCreateProductMutation();
  const keys = useRef(new KeyKeeper());
  const wrong = useMistakes(form);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { mistakes } = readFields(fields);
    if (isLoading || (Object.keys(mistakes).length > 0 && !sent)) {
      wrong.complain(mistakes);
      return;
    }
    const product = sent ?? toNewProduct(fields);
    setSent(product);
    wrong.clear();
    const result = await create({ key: keys.current.keyFor(product), product });
    if (result.data) {
      rememberCurrency(product);
      showToast({ tone: 'success', title: `${product.sku} created`, message: product.name });
      onCreated(result.data);
      return;
    }
    wrong.fail(result.error);
    if (!outcomeUnknown(result.error)) {
      setSent(null);
      keys.current.settle();
    }
  };
  const change = (part: Partial<ProductFields>) => {
    setFields((before) => ({ ...before, ...part }));
    wrong.forgive(part);
  };

  return {
    fields,
    change,
    submit,
    busy: isLoading,
    locked: sent !== null,
    mistakes: wrong.mistakes,
    error: wrong.error,
  };
}

interface Editing {
  /** What the edit is made on. */
  base: Product;
  fields: ProductFields;
  news: News[];
}

/** The edit on top of a newer version of the product. What was news before and still stands is told of once more. */
function onTopOf(theirs: Product, { base, fields, news }: Editing): Editing {
  const next = rebase(base, theirs, fields);
  const known = news.filter(({ field }) => !next.news.some((each) => each.field === field));
  return { base: theirs, fields: next.fields, news: [...known, ...next.news] };
}

function useSendChange() {
  const [update] = useUpdateProductMutation();
  /** A change of which nobody knows whether it was made. */
  const unanswered = useRef<Partial<ProductValues> | null>(null);
  /** Sends what differs from `on`. After a lost answer the first try may turn out to have been heard. */
  const send = async (on: Product, values: ProductValues): Promise<{ error?: unknown }> => {
    const change = changeOf(on, values);
    if (Object.keys(change).length === 0) {
      return {};
    }
    const result = await update({ sku: on.sku, version: on.version, change });
    const current = currentProduct(result.error);
    const earlier = unanswered.current;
    if (current && earlier && current.version === on.version + 1 && hasChange(current, earlier)) {
      unanswered.current = null;
      return send(current, values);
    }
    unanswered.current = result.error && outcomeUnknown(result.error) ? change : null;
    return { error: result.error };
  };
  return { send, unanswered };
}

export function useProductEdit(product: Product, form: RefObject<HTMLFormElement | null>, onDone: () => void) {
  const [editing, setEditing] = useState<Editing>(() => ({
    base: product,
    fields: toFields(product, rememberedCurrency()),
    news: [],
  }));
  const [busy, setBusy] = useState(false);
  const { send, unanswered } = useSendChange();
  const wrong = useMistakes(form);
  if (!busy && !unanswered.current && product.version > editing.base.version) {
    setEditing(onTopOf(product, editing));
  }
  const { base, fields, news } = editing;
  const { values, mistakes } = readFields(fields, base);
  const changed = Object.keys(changeOf(base, values)).length > 0 || Object.keys(mistakes).length > 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || Object.keys(mistakes).length > 0) {
      wrong.complain(mistakes);
      return;
    }
    if (news.some(({ whose }) => whose === 'contested')) {
      form.current?.querySelector<HTMLElement>('[role="alert"] button')?.focus();
      return;
    }
    setBusy(true);
    wrong.clear();
    const { error } = await send(base, values);
    if (!error) {
      rememberCurrency(values);
      showToast({ tone: 'success', title: `${product.sku} saved` });
      onDone();
      return;
    }
    setBusy(false);
    const current = currentProduct(error);
    if (current) {
      setEditing((before) => onTopOf(current, before));
    } else {
      wrong.fail(error);
    }
  };
  const change = (part: Partial<ProductFields>) => {
    setEditing((before) => ({ ...before, fields: { ...before.fields, ...part } }));
    wrong.forgive(part);
  };
  /** Settles whose a contested field is: theirs gives up what was typed. */
  const choose = ({ field }: News, whose: 'theirs' | 'mine') =>
    setEditing((before) => ({
      ...before,
      fields: whose === 'theirs' ? take(before.fields, before.base, field) : before.fields,
      news: before.news.map((each) => (each.field === field ? { ...each, whose } : each)),
    }));

  return { fields, change, submit, busy, changed, news, choose, mistakes: wrong.mistakes, error: wrong.error };
}
