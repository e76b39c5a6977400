import type { Curve } from '../logging/curve.js';
import type { RunMetrics } from '../logging/metrics_reader.js';
import type { Comparison } from '../runs/compare.js';
import {
  configValue,
  GROUP_COLUMNS,
  numberedGroups,
  RUN_COLUMNS,
  verdicts,
} from '../runs/comparison_text.js';
import type { OpenedRun } from '../runs/open_run.js';
import { grouped, percent } from '../terminal/format.js';
import { type Chart, lineChart } from './chart.js';
import { compact, epochAxis, overEpochs, percentTick } from './curves.js';
import { notice, page, section } from './document.js';
import { type Html, html } from './html.js';
import { lookOf } from './look.js';
import { table } from './table.js';

export const COMPARISON = 'gnet compare';

/** The page of `gnet compare`. */
export function comparisonPage(runs: readonly OpenedRun[], comparison: Comparison): string {
  const names = runs.map(({ paths }) => paths.directory);
  return page(
    `Comparison of ${runs.length} runs: gnet compare`,
    COMPARISON,
    html`<header>
<h1>Comparison of ${runs.length} runs</h1>
<p class="subtitle">${names.join(', ')}</p>
${notice(comparison.notes)}
</header>
<main>
${section('runs', 'Results', runTable(comparison))}
${section('difference', 'Is the difference real?', difference(comparison))}
${section('config', 'Config', configTable(comparison))}
${section('curves', 'Curves', overlaid(runs))}
</main>
<footer>Made by <code>gnet compare</code>.</footer>`,
  );
}

function runTable({ runs }: Comparison): Html {
  const columns = RUN_COLUMNS.map(([title, cell], index) => ({ title, cell, numeric: index > 0 }));
  return html`${table(
    'Test and val accuracy are those of the best weights, chosen on the split named; last are those of the last evaluation of that split. Training is what the training steps of whole epochs took, without evaluation.',
    columns,
    runs,
  )}${scoreTable(runs)}`;
}

function scoreTable(all: Comparison['runs']): Html | null {
  const runs = all.flatMap(({ run, test_scores: scores }) => (scores ? [{ run, ...scores }] : []));
  if (runs.length === 0) return null;
  type Row = (typeof runs)[number];
  const share = (title: string, value: (row: Row) => number | undefined) => ({
    title,
    numeric: true,
    cell: (row: Row) => {
      const known = value(row);
      return known === undefined ? '–' : percent(known);
    },
  });
  return table(
    'The best weights on the test set: means over the classes (0 where there is nothing to divide by), and how far the probabilities are from the shares that are right',
    [
      { title: 'run', cell: ({ run }: Row) => run },
      share('balanced accuracy', (row) => row.balanced_accuracy),
      share('macro precision', (row) => row.macro_precision),
      share('macro F1', (row) => row.macro_f1),
      share('top-5 accuracy', (row) => row.top5_accuracy),
      share('calibration error', (row) => row.calibration_error),
    ],
    runs,
  );
}

function difference(comparison: Comparison): Html {
  const { mcnemar, runs, groups } = comparison;
  const sentences = verdicts(comparison);
  if (sentences.length === 0 && groups.length === 0) {
    return html`<p>No test could be done. Two runs with predictions of the same test images are compared image by image; runs that differ in their seed only form groups.</p>`;
  }
  const counts = mcnemar && [
    { name: `${runs[0]!.run} right`, right: mcnemar.both_right, wrong: mcnemar.only_first },
    { name: `${runs[0]!.run} wrong`, right: mcnemar.only_second, wrong: mcnemar.both_wrong },
  ];
  return html`${sentences.map((sentence) => html`<p class="verdict">${sentence}</p>`)}${
    counts &&
    table(
      'Test images by which of the two classifies them correctly',
      [
        { title: '', cell: ({ name }) => name },
        { title: `${runs[1]!.run} right`, numeric: true, cell: ({ right }) => grouped(right) },
        { title: `${runs[1]!.run} wrong`, numeric: true, cell: ({ wrong }) => grouped(wrong) },
      ],
      counts,
    )
  }${groups.length > 0 ? groupTable(comparison) : null}`;
}

function groupTable(comparison: Comparison): Html {
  return table(
    "Runs that differ in seed and name only: the mean over their seeds, its confidence interval by Student's t, and the standard deviation of the runs",
    GROUP_COLUMNS.map(([title, cell], index) => ({ title, cell, numeric: index > 2 })),
    numberedGroups(comparison),
  );
}

function configTable({ runs, differences }: Comparison): Html {
  if (differences.length === 0) return html`<p>The configs are the same.</p>`;
  return table(
    'Keys that are not the same in all runs, with every default',
    [
      { title: 'key', cell: ({ key }) => html`<code>${key}</code>` },
      ...runs.map(({ run }, index) => ({
        title: run,
        cell: ({ values }: { values: readonly unknown[] }) =>
          html`<span class="value">${configValue(values[index])}</span>`,
      })),
    ],
    differences,
  );
}

function overlaid(runs: readonly OpenedRun[]): Html {
  const x = epochAxis(Math.max(...runs.map(({ plan }) => plan.config.training.epochs)));
  const chart = (
    title: string,
    format: Chart['format'],
    curveOf: (metrics: RunMetrics) => Curve,
    fromZero = false,
  ): Html =>
    lineChart({
      title,
      x,
      format,
      fromZero,
      series: runs.map((run, index) => ({
        name: run.paths.directory,
        points: overEpochs(curveOf(run.metrics), run.plan),
        look: lookOf(index),
      })),
    });
  const splits = new Set(runs.map(({ plan }) => plan.dataset.chosenOn));
  const evaluated = splits.size > 1 ? 'Validation or test' : splits.has('test') ? 'Test' : 'Validation';
  return html`<p class="note">Training accuracy, loss and speed are means over each epoch.</p>
<div class="charts">
${chart(`${evaluated} accuracy`, percentTick, (metrics) => metrics.evaluations.accuracy)}
${chart(`${evaluated} loss`, compact, (metrics) => metrics.evaluations.loss)}
${chart('Training accuracy', percentTick, (metrics) => metrics.epochs.accuracy)}
${chart('Training loss, main output', compact, (metrics) => metrics.epochs.main_loss)}
${chart('Learning rate', compact, (metrics) => metrics.steps.learning_rate, true)}
${chart('Training speed, images per second', compact, (metrics) => metrics.epochs.images_per_second, true)}
</div>`;
}
