import type { Plan } from '../config/resolve.js';
import { ensureFiles } from '../data/ensure_files.js';
import { type LoadedDataset, loadRecords } from '../data/open.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { downloadProgress } from './download_progress.js';
import { grouped } from './format.js';
import type { Stage } from './screen.js';

/** The stages that bring the data set into memory. @param signal aborts the download */
export function dataStages<C extends { data?: LoadedDataset }>(
  { config: { dataset, seed } }: Plan,
  signal: AbortSignal,
): Stage<C>[] {
  const entry = datasetEntry(dataset.type);
  return [
    {
      title: 'Data set',
      run: async (_, output) => {
        const { onProgress, log } = downloadProgress(output);
        return (await ensureFiles(entry, dataset, { signal, onProgress, log })).detail;
      },
    },
    {
      title: 'Prepare',
      run: async (stage) => {
        stage.data = await loadRecords(entry, dataset, seed);
        const { train: images, test } = stage.data;
        return `${grouped(images.count)} training and ${grouped(test.count)} test images in memory`;
      },
    },
  ];
}
