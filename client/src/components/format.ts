// Numbers and times as people read them, in the language of their browser.

const quantity = new Intl.NumberFormat();
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const shortTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const durationIn = (unit: string) =>
  new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'narrow', maximumFractionDigits: 1 });
const durations = {
  millisecond: durationIn('millisecond'),
  second: durationIn('second'),
  minute: durationIn('minute'),
};

export const formatQuantity = (value: number) => quantity.format(value);

/** With its sign, and a real minus. */
export const formatDelta = (value: number) => `${value < 0 ? '−' : '+'}${quantity.format(Math.abs(value))}`;

/** `12.50` and `EUR` → `€12.50`, with every decimal that was written. */
export function formatMoney({ amount, currency }: { amount: string; currency: string }): string {
  const decimals = amount.split('.')[1]?.length ?? 0;
  try {
    const format = new Intl.NumberFormat(undefined, {
      style: 'currency',
      currency,
      ...(decimals > 2 && { minimumFractionDigits: decimals }),
    });
    // As a text, so that no digit is lost.
    return format.format(amount as Intl.StringNumericLiteral);
  } catch {
    return `${amount} ${currency}`;
  }
}

export const formatDateTime = (value: string) => safely(value, (date) => dateTime.format(date));

export const formatTime = (at: number) => time.format(at);

/** The time for today, the day for anything older. */
export const formatRecent = (value: string, now = new Date()) =>
  safely(value, (date) =>
    date.toDateString() === now.toDateString() ? shortTime.format(date) : shortDate.format(date),
  );

/** `partially_fulfilled` → `Partially fulfilled` */
export function inWords(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatQuantity(count)} ${count === 1 ? one : many}`;
}

const MS_OF_UNIT = { millisecond: 1, second: 1_000, minute: 60_000 } as const;

/** `12` → `12ms`, `1900` → `1.9s`, `125000` → `2m`. Less than nothing counts as nothing. */
export function formatDuration(milliseconds: number): string {
  const value = Math.max(0, milliseconds);
  const unit = value < MS_OF_UNIT.second ? 'millisecond' : value < MS_OF_UNIT.minute ? 'second' : 'minute';
  // Cut, not rounded, so that 59 999 ms do not become 60 seconds.
  const parts = unit === 'second' ? 10 : 1;
  return durations[unit].format(Math.floor((value / MS_OF_UNIT[unit]) * parts) / parts);
}

/** Of the first word and the last: `Ada Lovelace` → `AL` */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const last = words.length > 1 ? words.at(-1) : '';
  // By character, so that one outside the first 65 536 stays whole.
  const first = (word = '') => [...word][0] ?? '';
  return (first(words[0]) + first(last)).toUpperCase() || '?';
}

function safely(value: string, format: (date: Date) => string): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? '–' : format(date);
}
