import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { alternating_flip } from './alternating_flip.js';
import type { AugmentationEntry } from './augmentation.js';
import { auto_augment } from './auto_augment.js';
import { color_jitter } from './color_jitter.js';
import { gaussian_blur } from './gaussian_blur.js';
import { rand_augment } from './rand_augment.js';
import { random_affine } from './random_affine.js';
import { random_crop } from './random_crop.js';
import { random_erasing } from './random_erasing.js';
import { random_flip } from './random_flip.js';
import { random_grayscale } from './random_grayscale.js';
import { random_resized_crop } from './random_resized_crop.js';
import { random_rotation } from './random_rotation.js';
import { random_vertical_flip } from './random_vertical_flip.js';
import { trivial_augment_wide } from './trivial_augment_wide.js';

/** Every random change of training images, by its `type` in the config. */
export const augmentations = {
  random_flip,
  random_crop,
  random_resized_crop,
  random_vertical_flip,
  alternating_flip,
  random_rotation,
  random_affine,
  color_jitter,
  random_grayscale,
  gaussian_blur,
  random_erasing,
  rand_augment,
  trivial_augment_wide,
  auto_augment,
} as const satisfies Record<string, AugmentationEntry>;

export type AugmentationType = keyof typeof augmentations;

/** Options of any augmentation, as resolved. */
export type AugmentationOptions = Resolved<Static<(typeof augmentations)[AugmentationType]['schema']>>;

/** The entry of an augmentation; its function takes the options of that same augmentation. */
export function augmentationEntry(type: AugmentationType): AugmentationEntry {
  return augmentations[type];
}
