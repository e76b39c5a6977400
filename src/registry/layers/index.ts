import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { activationLayer } from './activation_layer.js';
import { adaptiveAvgPool } from './adaptive_avg_pool.js';
import { avgPool } from './avg_pool.js';
import { basicBlock } from './basic_block.js';
import { batchNorm } from './batch_norm.js';
import { bottleneck } from './bottleneck.js';
import { branches } from './branches.js';
import type { CompositeEntry, ContainerEntry, WrittenLayer } from './container.js';
import { conv } from './conv.js';
import { convNormActivation } from './conv_norm_activation.js';
import { convnextBlock } from './convnext_block.js';
import { denseBlock } from './dense_block.js';
import { dropPath } from './drop_path.js';
import { dropout } from './dropout.js';
import { fire } from './fire.js';
import { flatten } from './flatten.js';
import { globalAvgPool } from './global_avg_pool.js';
import { globalMaxPool } from './global_max_pool.js';
import { groupNorm } from './group_norm.js';
import { inception } from './inception.js';
import { inceptionBn } from './inception_bn.js';
import { invertedResidual } from './inverted_residual.js';
import type { LeafEntry } from './layer.js';
import { layerNorm } from './layer_norm.js';
import { layerScale } from './layer_scale.js';
import { linear } from './linear.js';
import { localResponseNorm } from './local_response_norm.js';
import { maxPool } from './max_pool.js';
import { mbConv } from './mb_conv.js';
import { relu } from './relu.js';
import { residual } from './residual.js';
import { sequential } from './sequential.js';
import { squeezeExcite } from './squeeze_excite.js';

/** A kind of layer: one that computes, one that holds stacks of others, or one that stands for others. */
export type LayerEntry = LeafEntry | ContainerEntry | CompositeEntry;

/** Every kind of layer, by the `type` that a config names. */
export const layers = {
  conv,
  batch_norm: batchNorm,
  layer_norm: layerNorm,
  group_norm: groupNorm,
  local_response_norm: localResponseNorm,
  max_pool: maxPool,
  avg_pool: avgPool,
  adaptive_avg_pool: adaptiveAvgPool,
  global_avg_pool: globalAvgPool,
  global_max_pool: globalMaxPool,
  inception,
  flatten,
  linear,
  dropout,
  drop_path: dropPath,
  relu,
  activation: activationLayer,
  layer_scale: layerScale,
  squeeze_excite: squeezeExcite,
  conv_norm_activation: convNormActivation,
  inception_bn: inceptionBn,
  basic_block: basicBlock,
  bottleneck,
  inverted_residual: invertedResidual,
  mb_conv: mbConv,
  fire,
  dense_block: denseBlock,
  convnext_block: convnextBlock,
  sequential,
  residual,
  branches,
} as const satisfies Record<string, LayerEntry>;

export type LayerType = keyof typeof layers;

/** Options of any layer, as resolved. */
export type LayerOptions = Resolved<Static<(typeof layers)[LayerType]['schema']>>;

/** The entry of a layer; its functions take the options of that same layer. */
export function layerEntry(type: LayerType): LayerEntry {
  return layers[type] as LayerEntry;
}

/** A layer that a composite wrote, with the options that it left out. */
export function withDefaults(written: WrittenLayer): LayerOptions {
  const { properties } = layerEntry(written.type as LayerType).schema;
  const defaults = Object.entries(properties).flatMap(([key, { default: value }]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return { ...Object.fromEntries(defaults), ...written } as unknown as LayerOptions;
}
