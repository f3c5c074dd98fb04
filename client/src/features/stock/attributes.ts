// Attributes of a product as rows of a form. A text is typed as it is; anything else that an attribute may be (a number,
// a list, an object) keeps its kind and is shown as JSON.

export interface AttributeRow {
  /** Tells rows apart while they are typed into; never sent. */
  id: number;
  name: string;
  text: string;
  isJson: boolean;
}

export type Attributes = Record<string, unknown>;

export const MAX_ROWS = 100;

export function toRows(attributes: Attributes): AttributeRow[] {
  return Object.entries(attributes).map(([name, value], id) => ({
    id,
    name,
    text: typeof value === 'string' ? value : JSON.stringify(value),
    isJson: typeof value !== 'string',
  }));
}

export function addRow(rows: readonly AttributeRow[]): AttributeRow[] {
  const id = rows.reduce((most, row) => Math.max(most, row.id), -1) + 1;
  return [...rows, { id, name: '', text: '', isJson: false }];
}

/** The attributes that the rows say, or what is wrong with them. A row without any content does not count. */
export function readRows(rows: readonly AttributeRow[]): { attributes: Attributes; mistake: string } {
  const entries = new Map<string, unknown>();
  for (const { name: typed, text, isJson } of rows) {
    const name = typed.trim();
    if (name === '' && text.trim() === '') {
      continue;
    }
    if (name === '') {
      return { attributes: {}, mistake: `The attribute with the value “${text}” has no name.` };
    }
    if (entries.has(name)) {
      return { attributes: {}, mistake: `The attribute “${name}” is there twice.` };
    }
    try {
      entries.set(name, isJson ? JSON.parse(text) : text);
    } catch {
      return { attributes: {}, mistake: `The value of “${name}” is not a text but JSON, and cannot be read.` };
    }
  }
  return { attributes: Object.fromEntries(entries), mistake: '' };
}

/** `colour: blue, sizes: [1,2]`; a dash for none. */
export function attributesInWords(attributes: Attributes): string {
  const words = toRows(attributes).map(({ name, text }) => `${name}: ${text}`);
  return words.join(', ') || '–';
}
