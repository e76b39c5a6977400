import type { Source } from '../data/source.js';
import type { Picture } from '../logging/summaries.js';
import type { DatasetFacts } from '../registry/datasets/facts.js';
import { grouped, percent } from '../terminal/format.js';
import type { Predictions } from './evaluation.js';
import { imageGrid } from './image_grid.js';

/** Images that the model takes for something else. */
export interface Misclassified {
  /** The images, or null where there is none. */
  readonly picture: Picture | null;
  /** What each of them is and what it is taken for, in Markdown. */
  readonly text: string;
}

const COLUMNS = 6;
const ROWS = 4;

/** Of the misclassified images of a split, those of the highest loss, highest first. */
export async function misclassified(
  source: Source,
  { labels, predicted, probabilities, losses }: Predictions,
  { classes, chosenOn }: Pick<DatasetFacts, 'classes' | 'chosenOn'>,
): Promise<Misclassified> {
  const wrong = [...labels.keys()].filter((index) => predicted[index] !== labels[index]);
  const text = `${grouped(wrong.length)} of ${grouped(labels.length)} images misclassified`;
  if (wrong.length === 0) return { picture: null, text };
  const worst = wrong.toSorted((a, b) => losses[b]! - losses[a]! || a - b).slice(0, COLUMNS * ROWS);
  const lines = worst.map((index, position) => {
    const said = predicted[index]!;
    const cells = [
      Math.floor(position / COLUMNS) + 1,
      (position % COLUMNS) + 1,
      classes[labels[index]!],
      classes[said],
      percent(probabilities[index * classes.length + said]!),
      percent(probabilities[index * classes.length + labels[index]!]!),
      index,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const header = `| row | column | true class | predicted | its probability | of the true class | ${chosenOn} image |`;
  const table = [
    `${text}; those of the highest loss:`,
    '',
    header,
    '|---|---|---|---|---|---|---|',
    ...lines,
  ];
  const images = await source.read(Uint32Array.from(worst));
  return { picture: imageGrid(images, source.image, COLUMNS), text: table.join('\n') };
}
