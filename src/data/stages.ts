import type { Plan } from '../config/resolve.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { grouped } from '../terminal/format.js';
import type { Stage } from '../terminal/screen.js';
import { downloadProgress } from './download_progress.js';
import { ensureFiles } from './ensure_files.js';
import { type LoadedDataset, loadRecords } from './open.js';

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

/** The stages that bring the data set into memory. @param signal aborts the download */
export function dataStages<C extends { data?: LoadedDataset }>(plan: Plan, signal: AbortSignal): Stage<C>[] {
  const { dataset, seed } = plan.config;
  return [
    filesStage(plan, signal),
    {
      title: 'Prepare',
      run: async (stage) => {
        stage.data = await loadRecords(datasetEntry(dataset.type), dataset, seed);
        const { train: images, test } = stage.data;
        return `${grouped(images.count)} training and ${grouped(test.count)} test images in memory`;
      },
    },
  ];
}
