import type { Plan } from '../config/resolve.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { grouped } from '../terminal/format.js';
import type { Stage } from '../terminal/screen.js';
import { downloadProgress } from './download_progress.js';
import { ensureFiles } from './ensure_files.js';
import { openSplits, type Splits } from './open.js';

/** The stage that sees to the data set's files. @param signal aborts the download */
export function filesStage({ config: { dataset } }: Plan, signal: AbortSignal): Stage<unknown> {
  return {
    title: 'Data set',
    run: async (_, output) => {
      const { onProgress, log } = downloadProgress(output);
      const { detail } = await ensureFiles(datasetEntry(dataset.type), dataset, { signal, onProgress, log });
      return detail;
    },
  };
}

/**
 * The stages that open the data set: files of the user's own are decoded as they are read, all else comes into memory.
 * @param signal aborts the download
 * @param images images.jsonl of the run
 */
export function dataStages<C extends { data?: Splits }>(
  plan: Plan,
  signal: AbortSignal,
  images: string,
): Stage<C>[] {
  const { train, validation, test } = plan.dataset.count;
  const apart = validation === 0 ? '' : `, ${grouped(validation)} validation`;
  return [
    filesStage(plan, signal),
    {
      title: 'Prepare',
      run: async (stage, output) => {
        stage.data = await openSplits(plan, { file: images, log: output.line });
        const counts = `${grouped(train)} training${apart} and ${grouped(test)} test images`;
        const isStreamed = datasetEntry(plan.config.dataset.type).kind === 'files';
        return `${counts}${isStreamed ? ', decoded as they are read' : ' in memory'}`;
      },
    },
  ];
}
