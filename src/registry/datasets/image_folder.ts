import { Type } from '../schema.js';
import { defineFilesDataset } from './dataset.js';
import { filesSchema } from './options.js';

/** Your own images: a directory for each class, or those in train, validation and test directories. */
export const imageFolder = defineFilesDataset({
  schema: filesSchema(
    'image_folder',
    'Your own images: a directory for each class, in train, validation and test directories or not.',
    {
      root: Type.String({
        minLength: 1,
        description:
          'The directory that holds the directories of the classes, or those of the splits; a relative path starts at the current working directory.',
      }),
    },
  ),
});
