import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { avgPool } from './avg_pool.js';
import { batchNorm } from './batch_norm.js';
import { conv } from './conv.js';
import { dropout } from './dropout.js';
import { flatten } from './flatten.js';
import { globalAvgPool } from './global_avg_pool.js';
import { inception } from './inception.js';
import type { LayerEntry } from './layer.js';
import { linear } from './linear.js';
import { maxPool } from './max_pool.js';
import { relu } from './relu.js';

/** Every kind of layer, by the `type` that a config names. */
export const layers = {
  conv,
  batch_norm: batchNorm,
  max_pool: maxPool,
  avg_pool: avgPool,
  global_avg_pool: globalAvgPool,
  inception,
  flatten,
  linear,
  dropout,
  relu,
} as const satisfies Record<string, LayerEntry>;

export type LayerType = keyof typeof layers;

/** Options of any layer, as resolved. */
export type LayerOptions = Resolved<Static<(typeof layers)[LayerType]['schema']>>;

/** The entry of a layer; its functions take the options of that same layer. */
export function layerEntry(type: LayerType): LayerEntry {
  return layers[type];
}
