import { convolution, filterGradient, inputGradient } from './convolutions.js';
import { relu, reluGradient, sum } from './elementwise.js';
import { concat, split } from './joins.js';
import type { Operation } from './operation.js';
import { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './poolings.js';

const identity: Operation = (plan, node) => plan.alias(node.outputs[0]!, node.inputs[0]!);

/** Every operation that oneDNN computes, by its name in graphs. */
export const operations: Readonly<Record<string, Operation>> = {
  Convolution: convolution,
  ConvolutionInputGradient: inputGradient,
  ConvolutionFilterGradient: filterGradient,
  MaxPool: maxPool,
  MaxPoolGradient: maxPoolGradient,
  AveragePool: averagePool,
  AveragePoolGradient: averagePoolGradient,
  Relu: relu,
  ReluGradient: reluGradient,
  Add: sum,
  Sum: sum,
  Concat: concat,
  Split: split,
  Identity: identity,
};
