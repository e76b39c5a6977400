import type { DatasetType } from '../registry/datasets/index.js';

/** `dataset` of a config. @param root the directory of images, or the file that lists them; undefined for other data sets */
export function datasetOptions(type: DatasetType, root: string | undefined): object {
  return type === 'manifest' ? { type, file: root } : { type, root };
}
