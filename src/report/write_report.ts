import type { Plan } from '../config/resolve.js';
import { loadSplit } from '../data/open.js';
import type { Records } from '../data/records.js';
import { UserError } from '../errors.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { openRun } from '../runs/open_run.js';
import { writeFileAtomic } from '../storage/atomic.js';
import type { StoredPredictions } from '../storage/predictions.js';
import type { TestImages } from './mistakes.js';
import { runPage } from './run_page.js';

/** What came of `gnet report`. */
export interface ReportResult {
  readonly report: string;
  /** A sentence for each thing that the report lacks. */
  readonly missing: readonly string[];
}

/**
 * Writes report.html of a run directory, in place of an earlier one.
 * @param test the test set where it is in memory; else its files are read, if they are in place
 * @throws UserError where the directory holds no run, or a damaged one: then nothing is written
 */
export async function writeReport(directory: string, test?: Records): Promise<ReportResult> {
  const run = await openRun(directory);
  const { paths, plan, predictions, missing } = run;
  const images = predictions ? (test ?? (await testImages(plan, predictions))) : { unavailable: '' };
  await writeFileAtomic(paths.report, runPage(run, images));
  const noImages =
    predictions && 'unavailable' in images ? [`Images are left out: ${images.unavailable}`] : [];
  return { report: paths.report, missing: [...missing, ...noImages] };
}

/** The images that the predictions are about. A data set that is not there is not fetched: the report does without. */
async function testImages(plan: Plan, { labels }: StoredPredictions): Promise<TestImages> {
  const { dataset, seed } = plan.config;
  try {
    const records = await loadSplit(datasetEntry(dataset.type), dataset, seed, 'test');
    if (labels.every((label, index) => label === records.labels[index])) return records;
    return { unavailable: 'the labels of the data set are not those of predictions.jsonl.' };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { unavailable: `${error.message}.` };
  }
}
