import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { cutmix } from './cutmix.js';
import type { MixingEntry } from './mixing.js';
import { mixup } from './mixup.js';

/** Every way of mixing the images of a batch, by its `type` in the config. */
export const mixings = { mixup, cutmix } as const satisfies Record<string, MixingEntry>;

export type MixingType = keyof typeof mixings;

/** Options of any of them, as resolved. */
export type MixingOptions = Resolved<Static<(typeof mixings)[MixingType]['schema']>>;

/** The entry of a way of mixing; its function takes the options of that same one. */
export function mixingEntry(type: MixingType): MixingEntry {
  return mixings[type];
}
