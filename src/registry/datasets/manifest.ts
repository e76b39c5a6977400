import { Type } from '../schema.js';
import { defineFilesDataset } from './dataset.js';
import { filesSchema } from './options.js';

/** Your own images, as a list names them, with their labels, perhaps splits and groups. */
export const manifest = defineFilesDataset({
  schema: filesSchema('manifest', 'Your own images, listed with their labels in a CSV or JSON lines file.', {
    file: Type.String({
      minLength: 1,
      description:
        'CSV whose first line names the columns, or .jsonl: path (from the directory of this file on) and label; split and group if all have one. A relative path starts at the current working directory.',
    }),
  }),
});
