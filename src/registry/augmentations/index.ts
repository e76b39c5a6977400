import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import type { AugmentationEntry } from './augmentation.js';
import { random_crop } from './random_crop.js';
import { random_flip } from './random_flip.js';

/** Every random change of training images, by its `type` in the config. */
export const augmentations = { random_flip, random_crop } as const satisfies Record<
  string,
  AugmentationEntry
>;

export type AugmentationType = keyof typeof augmentations;

/** Options of any augmentation, as resolved. */
export type AugmentationOptions = Resolved<Static<(typeof augmentations)[AugmentationType]['schema']>>;

/** The entry of an augmentation; its function takes the options of that same augmentation. */
export function augmentationEntry(type: AugmentationType): AugmentationEntry {
  return augmentations[type];
}
