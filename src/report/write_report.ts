import type { Plan } from '../config/resolve.js';
import { openSplit } from '../data/open.js';
import type { Source } from '../data/source.js';
import { UserError } from '../errors.js';
import { openRun } from '../runs/open_run.js';
import { writeFileAtomic } from '../storage/atomic.js';
import type { StoredPredictions } from '../storage/predictions.js';
import { type MistakeImages, surestMistakes } from './mistakes.js';
import { runPage } from './run_page.js';

/** What came of `gnet report`. */
export interface ReportResult {
  readonly report: string;
  /** A sentence for each thing that the report lacks. */
  readonly missing: readonly string[];
}

/**
 * Writes report.html of a run directory, in place of an earlier one.
 * @param test the test set where it is open; else its files are read, if they are in place
 * @throws UserError where the directory holds no run, or a damaged one: then nothing is written
 */
export async function writeReport(directory: string, test?: Source): Promise<ReportResult> {
  const run = await openRun(directory);
  const { paths, plan, predictions, missing } = run;
  const images = predictions
    ? await mistakeImages(plan, predictions, test, paths.images)
    : { unavailable: '' };
  await writeFileAtomic(paths.report, runPage(run, images));
  const noImages =
    predictions && 'unavailable' in images ? [`Images are left out: ${images.unavailable}`] : [];
  return { report: paths.report, missing: [...missing, ...noImages] };
}

/** The images that the page shows. A data set that is not there is not fetched: the report does without. */
async function mistakeImages(
  plan: Plan,
  predictions: StoredPredictions,
  test: Source | undefined,
  images: string,
): Promise<MistakeImages> {
  try {
    const source = test ?? (await openSplit(plan, 'test', { file: images }));
    if (!predictions.labels.every((label, index) => label === source.labels[index])) {
      return { unavailable: 'the labels of the data set are not those of predictions.jsonl.' };
    }
    return { image: source.image, images: await source.read(surestMistakes(predictions)) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { unavailable: `${error.message}.` };
  }
}
