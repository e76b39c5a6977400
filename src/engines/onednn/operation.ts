import type { Node } from '../../tracing/graph.js';
import type { PlanBuilder } from './plan.js';

/** Appends what computes a node. */
export type Operation = (plan: PlanBuilder, node: Node) => void;

/** DNNL_ARG_…. */
export const ARG = {
  src: 1,
  src1: 2,
  dst: 17,
  weights: 33,
  bias: 41,
  workspace: 64,
  diffSrc: 129,
  diffDst: 145,
  diffWeights: 161,
  diffBias: 169,
  multipleSrc: 1024,
} as const;

/** dnnl_query_t of descriptors. */
export const QUERY = {
  src: 129,
  diffSrc: 130,
  weights: 131,
  diffWeights: 132,
  dst: 133,
  diffDst: 134,
  workspace: 135,
} as const;

/** dnnl_prop_kind_t: whether a backward pass follows. */
export const [TRAINING, INFERENCE] = [64, 96];

/** An attribute that is a list of numbers. */
export const numbers = (node: Node, name: string) => node.attributes[name] as readonly number[];
