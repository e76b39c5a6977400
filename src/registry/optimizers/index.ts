import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { adamw } from './adamw.js';
import { lamb } from './lamb.js';
import { lion } from './lion.js';
import { muon } from './muon.js';
import { nadam } from './nadam.js';
import type { OptimizerEntry } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

/** Every update rule, by the `type` that a config names. */
export const optimizers = {
  sgd,
  adam,
  adamw,
  nadam,
  rmsprop,
  adagrad,
  lion,
  lamb,
  muon,
} as const satisfies Record<string, OptimizerEntry>;

export type OptimizerType = keyof typeof optimizers;

/** Options of any optimizer, as resolved. */
export type OptimizerOptions = Resolved<Static<(typeof optimizers)[OptimizerType]['schema']>>;

/** The entry of an optimizer; its functions take the options of that same optimizer. */
export function optimizerEntry(type: OptimizerType): OptimizerEntry {
  return optimizers[type];
}

/** What every element of a slot starts at. */
export function initialSlotValue(options: OptimizerOptions, slot: string): number {
  return optimizerEntry(options.type).initial?.(options, slot) ?? 0;
}
