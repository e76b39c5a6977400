import { expect, test } from 'vitest';
import { COLOURS, lookOf, swatch } from '../../src/report/look.js';
import { STYLE } from '../../src/report/style.js';

test('16 curves differ without their colours, 48 with them', () => {
  const looks = Array.from({ length: 48 }, (_, index) => lookOf(index));
  expect(new Set(looks.slice(0, 16).map(({ dash, marker }) => `${dash} ${marker}`)).size).toBe(16);
  expect(new Set(looks.map((look) => JSON.stringify(look))).size).toBe(48);
});

test('a swatch has the dashes and the marker of its line', () => {
  const { text } = swatch({ colour: 3, dash: 'dashed', marker: 'square', width: 2 });
  expect(text).toContain('--colour: var(--series-3)');
  expect(text).toContain('stroke-dasharray="7 4"');
  expect(text).toContain('<path d="M13 3h6v6h-6Z"/>');
});

/** WCAG 2.2 contrast ratio of two colours #rrggbb. */
function contrast(...colours: readonly [string, string]): number {
  const [a, b] = colours.map((colour) => {
    const [red, green, blue] = [1, 3, 5]
      .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  });
  return (Math.max(a!, b!) + 0.05) / (Math.min(a!, b!) + 0.05);
}

test.each([
  ['light', 0],
  ['dark', 1],
])('contrast of text and lines in %s', (_, scheme) => {
  const colours = STYLE.split('prefers-color-scheme: dark')[scheme]!;
  const colour = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(colours)![1]!;
  const series = Array.from({ length: COLOURS }, (__, index) => `series-${index + 1}`);
  for (const name of ['ink', 'muted', 'accent', ...series]) {
    expect({ name, contrast: contrast(colour(name), colour('page')) }).toMatchObject({
      contrast: expect.toSatisfy((ratio: number) => ratio >= 4.5),
    });
  }
  expect(contrast(colour('muted'), colour('card'))).toBeGreaterThanOrEqual(4.5);
  expect(contrast(colour('ink'), colour('warn'))).toBeGreaterThanOrEqual(4.5);
});
