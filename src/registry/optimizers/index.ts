import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { adam } from './adam.js';
import { adamw } from './adamw.js';
import type { OptimizerEntry } from './optimizer.js';
import { sgd } from './sgd.js';

/** Every update rule, by the `type` that a config names. */
export const optimizers = { sgd, adam, adamw } as const satisfies Record<string, OptimizerEntry>;

export type OptimizerType = keyof typeof optimizers;

/** Options of any optimizer, as resolved. */
export type OptimizerOptions = Resolved<Static<(typeof optimizers)[OptimizerType]['schema']>>;

/** The entry of an optimizer; its functions take the options of that same optimizer. */
export function optimizerEntry(type: OptimizerType): OptimizerEntry {
  return optimizers[type];
}
