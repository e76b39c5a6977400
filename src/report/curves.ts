import type { Plan } from '../config/resolve.js';
import type { Curve, Point } from '../logging/curve.js';
import type { RunMetrics } from '../logging/metrics_reader.js';
import { lossEntry } from '../registry/losses/index.js';
import { grouped, percent } from '../terminal/format.js';
import { type Chart, lineChart, type Series } from './chart.js';
import { type Html, html } from './html.js';
import type { Look } from './look.js';
import { type Column, table } from './table.js';

/** Steps turn to epochs: what training and evaluation, and runs of different batch size, have in common. */
export function overEpochs(curve: Curve, { horizon }: Plan): Point[] {
  return curve.points().map(({ x, y }) => ({ x: x / horizon.stepsPerEpoch, y }));
}

export const epochAxis = (epochs: number): Chart['x'] => ({ title: 'epoch', max: epochs });

/** A number of any size as an axis shows it. */
export function compact(value: number): string {
  if (value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6))
    return String(Number(value.toPrecision(4)));
  return value.toExponential(2).replace(/\.?0+e/, 'e');
}

export const percentTick = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

const TRAIN: Look = { colour: 1, dash: 'solid', marker: null, width: 1.5 };
const EVALUATION: Look = { colour: 2, dash: 'solid', marker: 'circle', width: 2.5 };
const TOTAL: Look = { colour: 5, dash: 'dotted', marker: null, width: 1.5 };
const HEADS: readonly Look[] = [
  { colour: 3, dash: 'dashed', marker: null, width: 1.5 },
  { colour: 4, dash: 'mixed', marker: null, width: 1.5 },
  { colour: 6, dash: 'dotted', marker: null, width: 1.5 },
];

/** The curves of a run: loss, accuracy, learning rate and speed over epochs, and the epochs as a table. */
export function curves(plan: Plan, metrics: RunMetrics): Html {
  const { steps, evaluations } = metrics;
  const { chosenOn } = plan.dataset;
  const x = epochAxis(plan.config.training.epochs);
  const series = (name: string, curve: Curve, look: Look): Series => ({
    name,
    points: overEpochs(curve, plan),
    look,
  });
  const heads = [...steps.aux_loss].map(([head, curve], i) =>
    series(`train, ${head}`, curve, HEADS[i % HEADS.length]!),
  );
  const { stride } = steps.loss;
  const note = stride > 1 ? `Training: each point is the mean of ${grouped(stride)} steps.` : undefined;
  const charts: Chart[] = [
    {
      title: 'Loss',
      x,
      format: compact,
      note:
        [lossNote(plan), mixedNote(plan), note].filter((each) => each !== undefined).join(' ') || undefined,
      series: [
        ...(heads.length > 0 ? [series('train, weighted sum', steps.loss, TOTAL)] : []),
        ...heads,
        series(heads.length > 0 ? 'train, main output' : 'train', steps.main_loss, TRAIN),
        series(`${chosenOn}, main output`, evaluations.loss, EVALUATION),
      ],
    },
    {
      title: 'Accuracy',
      x,
      format: percentTick,
      note,
      series: [series('train', steps.accuracy, TRAIN), series(chosenOn, evaluations.accuracy, EVALUATION)],
    },
    {
      title: 'Learning rate',
      x,
      format: compact,
      fromZero: true,
      series: [series('learning rate', steps.learning_rate, TRAIN)],
    },
    {
      title: 'Training speed, images per second',
      x,
      format: compact,
      fromZero: true,
      note,
      series: [series('train', steps.images_per_second, TRAIN)],
    },
  ];
  if (metrics.step === 0) return html`<p>There is nothing to draw before the first step.</p>`;
  return html`<div class="charts">${charts.map(lineChart)}</div>${epochTable(plan, metrics)}`;
}

/** Where training and evaluation do not tell the same loss. */
function lossNote({ config: { loss } }: Plan): string | undefined {
  const trained = lossEntry(loss.type).describe(loss);
  const evaluated = 'cross-entropy';
  return trained === evaluated ? undefined : `Training: ${trained}; evaluation: ${evaluated}.`;
}

/** Where an image that is trained on is of two classes. */
function mixedNote({ config: { mixing } }: Plan): string | undefined {
  if (!mixing) return undefined;
  const types = mixing.methods.map(({ type }) => type).join(' and ');
  return `Training mixes images (${types}): its accuracy is that of the larger share.`;
}

/** The numbers behind the curves. */
function epochTable(plan: Plan, { epochs, evaluations }: RunMetrics): Html | null {
  const { chosenOn } = plan.dataset;
  const ends = overEpochs(evaluations.accuracy, plan).map(({ x }) => x);
  if (ends.length === 0) return null;
  const steps = evaluations.accuracy.points().map(({ x }) => x);
  const column = (title: string, curve: Curve, format: (value: number) => string): Column<number> => {
    // By the step, not the row: what was not finite is missing from a curve.
    const values = new Map(curve.points().map(({ x, y }) => [x, y]));
    const cell = (row: number) => {
      const value = values.get(steps[row]!);
      return value === undefined ? '–' : format(value);
    };
    return { title, numeric: true, cell };
  };
  const columns: Column<number>[] = [
    { title: 'epoch', cell: (row) => compact(ends[row]!) },
    column('train loss, main output', epochs.main_loss, fourDigits),
    ...[...epochs.aux_loss].map(([head, curve]) => column(`train loss, ${head}`, curve, fourDigits)),
    column('train accuracy', epochs.accuracy, percent),
    column(`${chosenOn} loss`, evaluations.loss, fourDigits),
    column(`${chosenOn} accuracy`, evaluations.accuracy, percent),
    column('images/s', epochs.images_per_second, (value) => grouped(Math.round(value))),
  ];
  const { stride } = evaluations.accuracy;
  const thinned = stride > 1 ? `; each row is the mean of ${grouped(stride)} epochs` : '';
  const caption = `Means over each epoch, and the ${chosenOn === 'test' ? 'test set' : 'validation images'} after it${thinned}`;
  return html`<details><summary>Every epoch in numbers</summary>${table(caption, columns, [...ends.keys()])}</details>`;
}

const fourDigits = (value: number): string => value.toFixed(4);
