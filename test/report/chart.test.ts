import { expect, test, vi } from 'vitest';
import { type Chart, lineChart } from '../../src/report/chart.js';
import { compact } from '../../src/report/curves.js';
import { lookOf } from '../../src/report/look.js';

const CHART: Chart = {
  title: 'Test loss',
  x: { title: 'epoch', max: 4 },
  format: (value) => `${value} nats`,
  fromZero: true,
  series: [
    { name: '<a> & "b"', points: [2, 1, 3].map((y, x) => ({ x, y })), look: lookOf(1) },
    {
      name: 'second',
      points: [
        { x: 0, y: 0 },
        { x: 4, y: 1 },
      ],
      look: lookOf(0),
    },
  ],
};

/** Corners of the dashed line, in pixels. */
function corners(svg: string): number[][] {
  const [, path] = /<path d="(M[^"]+)"[^>]* stroke="var\(--series-2\)"[^>]* stroke-dasharray/.exec(svg)!;
  return path!
    .split(/[ML]/)
    .slice(1)
    .map((point) => point.trim().split(' ').map(Number));
}

test('the points lie where their values say', () => {
  const points = corners(lineChart(CHART).text);
  expect(points).toHaveLength(3);
  const [[x0, y0], [x1, y1], [x2, y2]] = points as [number[], number[], number[]];
  expect(x1! - x0!).toBeCloseTo(x2! - x1!, 0);
  // 2 → 1 goes down, 1 → 3 up twice as far; y grows downwards.
  expect(y1! - y0!).toBeGreaterThan(10);
  expect((y1! - y2!) / (y1! - y0!)).toBeCloseTo(2, 1);
});

test('its words are escaped and say what it shows', () => {
  const { text } = lineChart(CHART);
  expect(text).not.toContain('<a>');
  expect(text).toContain('&lt;a&gt; &amp; &quot;b&quot;</li>');
  expect(text).toContain(
    'aria-label="Line chart of test loss by epoch. &lt;a&gt; &amp; &quot;b&quot;: from 2 nats to 3 nats, between 1 nats and 3 nats. second: from 0 nats to 1 nats, between 0 nats and 1 nats."',
  );
});

test('one curve needs no legend, and none no chart', () => {
  const [first] = CHART.series;
  expect(lineChart({ ...CHART, series: [first!] }).text).not.toContain('legend');
  expect(lineChart({ ...CHART, series: [{ ...first!, points: [] }] }).text).toBe('');
});

test('every colour is one of the page, in light and in dark', () => {
  const text = lineChart(CHART).text.replace(/<defs.*?<\/defs>/gs, '');
  const colours = [...text.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour!);
  expect(colours.length).toBeGreaterThan(10);
  expect(colours.filter((colour) => !/^(none|var\(--[\w-]+\))$/.test(colour))).toEqual([]);
  expect(text).not.toMatch(/<style|class="zr/);
});

test.each([
  ['tiny', [1e-20, 5e-21]],
  ['constant and tiny', [1e-20, 1e-20]],
  ['the smallest of all', [5e-324, 5e-324]],
  ['subnormal', [1e-310, 3e-310]],
  ['huge', [1e300, 1.7e308]],
  ['huge and of both signs', [-1.7e308, 1.7e308]],
  ['apart by their last digit', [1, 1 + 2 ** -52]],
  ['small and apart by their last digit', [1e-5, 1e-5 * (1 + 2 ** -52)]],
  ['large and apart by their last digit', [1e3, 1e3 * (1 - 2 ** -53)]],
  ['larger and apart by their last digit', [1e12, 1e12 * (1 - 2 ** -53)]],
  ['zero', [0, 0]],
  ['tiny among others', [1e-30, 1]],
])('values that are %s are drawn', (_, values) => {
  for (const fromZero of [true, false]) {
    const series = [{ name: 'a', points: values.map((y, x) => ({ x, y })), look: lookOf(1) }];
    const { text } = lineChart({ ...CHART, series, fromZero, format: compact });
    expect(corners(text.replaceAll(/NaN|Infinity/g, '?')).flat()).toHaveLength(4);
    for (const corner of corners(text).flat()) expect(corner).toBeGreaterThanOrEqual(0);
  }
});

test('the axis of tiny values says what they are', () => {
  const series = [{ name: 'a', points: [1, 2].map((y, x) => ({ x, y: y * 1e-20 })), look: lookOf(1) }];
  const { text } = lineChart({ ...CHART, series, format: compact });
  for (const tick of ['>0<', '>1e-20<', '>2e-20<']) expect(text).toContain(tick);
});

test('a chart that cannot be drawn leaves no timer that keeps the process alive', () => {
  // The values themselves are formatted before ECharts begins; what lies between them is a tick.
  const format = (value: number) => {
    if (!Number.isInteger(value)) throw new Error(`no such format: ${value}`);
    return String(value);
  };
  vi.useFakeTimers();
  try {
    expect(() => lineChart({ ...CHART, format })).toThrow('no such format: 0.5');
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
