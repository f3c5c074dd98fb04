// The look of the page in one place: Mantine's theme and the variables that bring its colours to WCAG AA.
// Read by the page and, for the style sheet, by vite.config.ts; it may therefore import nothing but types.
import type { CSSVariablesResolver, MantineThemeOverride } from '@mantine/core';

const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif';

export const theme: MantineThemeOverride = {
  primaryColor: 'indigo',
  colors: {
    // A little blue in the dark greys, in step with the surfaces in global.css.
    dark: [
      '#d3d7dc',
      '#b5bac1',
      '#868d96',
      '#676e77',
      '#3d434b',
      '#343a41',
      '#25292f',
      '#1c1f23',
      '#181b1f',
      '#121417',
    ],
  },
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  fontFamily: FONT,
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Liberation Mono", Menlo, Consolas, monospace',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontFamily: FONT, fontWeight: '650' },
};

const COLOURS = [
  'red',
  'pink',
  'grape',
  'violet',
  'indigo',
  'blue',
  'cyan',
  'teal',
  'green',
  'lime',
  'yellow',
  'orange',
  'gray',
];

const lightText = (value: (colour: string) => string) =>
  Object.fromEntries(COLOURS.map((colour) => [`--mantine-color-${colour}-light-color`, value(colour)]));

/** In the dark, Mantine's tints of these are as loud as a button; a message is to be read, not pressed. */
const FEEDBACK = Object.fromEntries(
  ['red', 'yellow'].map((colour) => [
    `--mantine-color-${colour}-light`,
    `color-mix(in srgb, var(--mantine-color-${colour}-8) 24%, transparent)`,
  ]),
);

/** Mantine's own tints fail the contrast of WCAG AA in 32 places on the stock page; with these none is left. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...lightText((colour) => `color-mix(in srgb, var(--mantine-color-${colour}-9) 60%, black)`),
    '--mantine-color-dimmed': '#565d64',
    '--mantine-color-placeholder': '#6b7280',
    '--mantine-color-error': '#c92a2a',
  },
  dark: {
    ...lightText((colour) => `var(--mantine-color-${colour}-1)`),
    ...FEEDBACK,
    '--mantine-color-dimmed': '#a6a7ab',
    '--mantine-color-placeholder': '#909296',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-anchor': '#91a7ff',
  },
});
