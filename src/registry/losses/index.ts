import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { binaryCrossEntropy } from './binary_cross_entropy.js';
import { crossEntropy } from './cross_entropy.js';
import { focal } from './focal.js';
import type { LossEntry } from './loss.js';

/** Every loss, by the `type` that a config names. */
export const losses = {
  cross_entropy: crossEntropy,
  binary_cross_entropy: binaryCrossEntropy,
  focal,
} as const satisfies Record<string, LossEntry>;

export type LossType = keyof typeof losses;

/** Options of any loss, as resolved. */
export type LossOptions = Resolved<Static<(typeof losses)[LossType]['schema']>>;

/** The entry of a loss; its functions take the options of that same loss. */
export function lossEntry(type: LossType): LossEntry {
  return losses[type];
}
