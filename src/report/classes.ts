import { type ClassScores, classScores, confusionMatrix, macroMean } from '../statistics/classification.js';
import { reliability } from '../statistics/scores.js';
import type { StoredPredictions } from '../storage/predictions.js';
import { grouped, percent } from '../terminal/format.js';
import { lineChart } from './chart.js';
import { percentTick } from './curves.js';
import { type Html, html } from './html.js';
import { lookOf } from './look.js';
import { type Column, scrollable, table } from './table.js';

/** More classes than that do not fit beside each other in full size. */
const MANY_CLASSES = 20;
const SHOWN_PAIRS = 10;

/** The confusion matrix, the pairs of classes confused most often, and the scores of each class. */
export function classResults(predictions: StoredPredictions, classes: readonly string[]): Html {
  const matrix = confusionMatrix(predictions.labels, predictions.predicted, classes.length);
  return html`${confusionTable(matrix, classes)}
<div class="beside"><div>${scoreTable(matrix, classes)}</div><div>${pairTable(matrix, classes)}</div></div>
<div class="charts">${reliabilityChart(predictions)}</div>`;
}

/** Whether the model is as often right as it says. */
function reliabilityChart(predictions: StoredPredictions): Html {
  const bins = reliability(predictions);
  return lineChart({
    title: 'Reliability of the probabilities',
    x: { title: 'probability of the predicted class, %', max: 100 },
    format: percentTick,
    fromZero: true,
    series: [
      {
        name: 'accuracy of the test images that are given about this probability',
        points: bins.map(({ confidence, accuracy }) => ({ x: 100 * confidence, y: accuracy })),
        look: lookOf(0),
      },
      {
        name: 'as often right as it says',
        points: [
          { x: 0, y: 0 },
          { x: 100, y: 1 },
        ],
        look: lookOf(1),
      },
    ],
    note: `Below the straight line the model is surer than it should be. ${bins.length} of 15 equal bins hold images.`,
  });
}

type Matrix = readonly (readonly number[])[];

function confusionTable(matrix: Matrix, classes: readonly string[]): Html {
  const rows = matrix.map((counts, label) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const cells = counts.map((count, predicted) => confusionCell(count, total, label === predicted));
    return html`<tr><th scope="row">${classes[label]}</th>${cells}</tr>\n`;
  });
  const heads = classes.map((name) => html`<th scope="col">${name}</th>`);
  return scrollable(html`<table class="${classes.length > MANY_CLASSES ? 'confusion many' : 'confusion'}">
<caption>Confusion matrix of the test images: rows are true classes, columns predicted ones. The diagonal is correct; the stronger the colour, the larger the share of the row.</caption>
<thead><tr><th scope="col">true \\ predicted</th>${heads}</tr></thead>
<tbody>${rows}</tbody>
</table>`);
}

function confusionCell(count: number, total: number, correct: boolean): Html {
  if (count === 0) return html`<td class="zero" style="--share: 0">0</td>`;
  const share = count / total;
  // Mistakes are rare: by its square root, a share of one in a hundred is still seen.
  const shade = (correct ? share : Math.sqrt(share)).toFixed(3);
  return html`<td class="${correct ? 'hit' : 'miss'}" style="--share: ${shade}">${count}</td>`;
}

type Score = 'precision' | 'recall' | 'f1';

function scoreTable(matrix: Matrix, classes: readonly string[]): Html {
  const scores = classScores(matrix);
  const rows = scores.map((score, index) => ({ ...score, name: classes[index]! }));
  const mean = (key: Score) => macroMean(scores.map((score) => score[key]));
  const ratio = (key: Score, title: string): Column<ClassScores> => ({
    title,
    numeric: true,
    cell: (row) => bar(row[key]),
  });
  return table<ClassScores & { readonly name: string }>(
    'Scores of each class on the test images. What has nothing to divide by, as the precision of a class that is never predicted, counts as 0 (zero_division=0 of scikit-learn)',
    [
      { title: 'class', cell: ({ name }) => name },
      ratio('precision', 'precision'),
      ratio('recall', 'recall'),
      ratio('f1', 'F1'),
      { title: 'images', numeric: true, cell: ({ support }) => grouped(support) },
    ],
    rows,
    {
      name: 'mean of classes',
      support: scores.reduce((sum, { support }) => sum + support, 0),
      precision: mean('precision'),
      recall: mean('recall'),
      f1: mean('f1'),
    },
  );
}

function bar(share: number | null): Html {
  if (share === null) return html`–`;
  return html`<span class="bar" aria-hidden="true"><i style="--share: ${share.toFixed(4)}"></i></span>${share.toFixed(3)}`;
}

function pairTable(matrix: Matrix, classes: readonly string[]): Html | null {
  const pairs = matrix.flatMap((counts, label) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count, predicted) => ({ label, predicted, count, share: count / total }));
  });
  const wrong = pairs
    .filter(({ label, predicted, count }) => label !== predicted && count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, SHOWN_PAIRS);
  if (wrong.length === 0) return null;
  return table(
    'Classes confused most often',
    [
      { title: 'true class', cell: ({ label }) => classes[label] },
      { title: 'taken for', cell: ({ predicted }) => classes[predicted] },
      { title: 'images', numeric: true, cell: ({ count }) => grouped(count) },
      { title: 'of the class', numeric: true, cell: ({ share }) => percent(share) },
    ],
    wrong,
  );
}
