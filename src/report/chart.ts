import { LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Point } from '../logging/curve.js';
import { type Html, html, trusted } from './html.js';
import { dashes, type Look, MARKERS, swatch } from './look.js';

echarts.use([LineChart, GridComponent, SVGRenderer]);

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  readonly look: Look;
}

export interface Chart {
  readonly title: string;
  readonly series: readonly Series[];
  /** Title of the x axis, and its last value. */
  readonly x: { readonly title: string; readonly max: number };
  /** Formats a value of the y axis. */
  readonly format: (value: number) => string;
  /** Whether the y axis begins at 0 even where all values are far from it. */
  readonly fromZero?: boolean;
  /** A sentence below the chart. */
  readonly note?: string | undefined;
}

const SIZE = { width: 620, height: 300 };
/** More markers than that hide the line. */
const MAX_MARKERS = 60;

/** Line chart as inline SVG with its legend. It takes its colours from the page, and its words are the page's own. */
export function lineChart(chart: Chart): Html {
  const series = chart.series.filter(({ points }) => points.length > 0);
  if (series.length === 0) return html``;
  const items = series.map(({ name, look }) => html`<li>${swatch(look)}${name}</li>`);
  const legend = series.length > 1 ? html`<ul class="legend">${items}</ul>` : null;
  return html`<figure class="chart">
<figcaption><h3>${chart.title}</h3>${legend}</figcaption>
<div role="img" aria-label="${summary({ ...chart, series })}">${svg({ ...chart, series })}</div>
${chart.note === undefined ? null : html`<p class="note">${chart.note}</p>`}
</figure>`;
}

/** What the chart shows, for those who do not see it. */
function summary({ title, series, x, format }: Chart): string {
  const sentences = series.map(({ name, points }) => {
    const ys = points.map(({ y }) => y);
    const [least, most] = ys.reduce(
      ([low, high], y) => [Math.min(low, y), Math.max(high, y)],
      [ys[0]!, ys[0]!],
    );
    return `${name}: from ${format(ys[0]!)} to ${format(ys.at(-1)!)}, between ${format(least)} and ${format(most)}`;
  });
  return `Line chart of ${title.toLowerCase()} by ${x.title}. ${sentences.join('. ')}.`;
}

function svg({ series, x, format, fromZero }: Chart): Html {
  const scale = decade(series);
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  try {
    const axis = { axisLabel: { color: 'var(--muted)', fontSize: 13 }, splitLine: { show: false } };
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: 'inherit' },
      grid: { left: 4, right: 16, top: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'all' },
      xAxis: {
        ...axis,
        type: 'value',
        min: 0,
        max: x.max,
        minInterval: 1,
        name: x.title,
        nameLocation: 'middle',
        nameGap: 26,
        nameTextStyle: { color: 'var(--muted)', fontSize: 13 },
        axisLine: { lineStyle: { color: 'var(--muted)' } },
        axisTick: { lineStyle: { color: 'var(--muted)' } },
      },
      yAxis: {
        ...axis,
        type: 'value',
        scale: !fromZero,
        axisLabel: { ...axis.axisLabel, formatter: (value: number) => format(value * scale) },
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: 'var(--rule)' } },
      },
      series: series.map((line) => lineSeries(line, scale)),
    });
    return trusted(
      chart
        .renderToSVGString()
        // The figure's text is the label; the numbers of the axes, read one by one, would say nothing.
        .replace('<svg ', '<svg aria-hidden="true" ')
        // Rules for pointers, of a chart that does not react to them.
        .replace(/<style.*?<\/style>/s, '')
        .replace(/ class="[\w-]+"/g, ''),
    );
  } finally {
    // Its timer would keep the process alive.
    chart.dispose();
  }
}

/** ECharts cannot divide an axis that spans about 1e-20 or less, or above 1e300: within these bounds it always can. */
const [LEAST, MOST] = [1e-6, 1e3];
/** Steps of the values that are drawn, as a part of their power of ten; finer than any pixel. */
const STEP = 1e-9;

/** What values are divided by to be drawn: 1, or the power of ten of the largest where that is very small or large. */
function decade(series: readonly Series[]): number {
  let largest = 0;
  for (const { points } of series) for (const { y } of points) largest = Math.max(largest, Math.abs(y));
  if (largest === 0 || (largest >= LEAST && largest <= MOST)) return 1;
  // No smaller than what is a power of ten to all digits.
  return 10 ** Math.max(-300, Math.floor(Math.log10(largest)));
}

function lineSeries({ points, look }: Series, scale: number): object {
  const colour = `var(--series-${look.colour})`;
  return {
    type: 'line',
    silent: true,
    data: points.map(({ x, y }) => [x, Math.round(y / scale / STEP) * STEP]),
    lineStyle: { color: colour, width: look.width, type: dashes(look) },
    itemStyle: { color: colour },
    showSymbol: look.marker !== null && points.length <= MAX_MARKERS,
    symbol: look.marker === null ? 'none' : MARKERS[look.marker].symbol,
    symbolSize: 7,
  };
}
