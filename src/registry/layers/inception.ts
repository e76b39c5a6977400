import type { Static } from '@sinclair/typebox';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Resolved, Tf } from '../schema.js';
import { Type } from '../schema.js';
import {
  type Convolution,
  concatenatePlans,
  forwardConvolution,
  forwardSideBySide,
  planConvolution,
} from './convolution.js';
import {
  defineLayer,
  featureMap,
  type LayerContext,
  type LayerPlan,
  layerFields,
  type Shape,
} from './layer.js';
import { explicitPadding, symmetricPadding } from './window.js';

const channels = (description: string) => Type.Integer({ minimum: 1, description });
const reduction = (description: string) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], { default: null, description }));

const schema = Type.Object(
  {
    ...layerFields(
      'inception',
      'Inception module (Szegedy et al. 2014, figure 2): four branches side by side.',
    ),
    conv1x1: channels('Output channels of the 1×1 branch.'),
    conv3x3_reduce: reduction(
      'Channels of the 1×1 reduction before the 3×3 convolution; null for none (naive module).',
    ),
    conv3x3: channels('Output channels of the 3×3 branch.'),
    conv5x5_reduce: reduction(
      'Channels of the 1×1 reduction before the 5×5 convolution; null for none (naive module).',
    ),
    conv5x5: channels('Output channels of the 5×5 branch.'),
    convpool: reduction(
      'Channels of the 1×1 projection after the pooling branch; null passes all channels on (naive module).',
    ),
  },
  { additionalProperties: false },
);

/** The branches: each a chain of convolutions, all with ReLU and "same" padding. */
function branches(options: Resolved<Static<typeof schema>>): readonly (readonly Convolution[])[] {
  const convolution = (name: string, size: number, filters: number | null): Convolution[] =>
    filters === null
      ? []
      : [
          {
            prefix: `${name}.`,
            filters,
            kernel: [size, size],
            stride: [1, 1],
            padding: symmetricPadding([(size - 1) / 2, (size - 1) / 2]),
            bias: true,
            activation: 'relu',
          },
        ];
  return [
    convolution('conv1x1', 1, options.conv1x1),
    [
      ...convolution('conv3x3_reduce', 1, options.conv3x3_reduce),
      ...convolution('conv3x3', 3, options.conv3x3),
    ],
    [
      ...convolution('conv5x5_reduce', 1, options.conv5x5_reduce),
      ...convolution('conv5x5', 5, options.conv5x5),
    ],
    convolution('convpool', 1, options.convpool),
  ];
}

/** The pooling branch starts with a 3×3 max-pool of stride 1. */
const POOL_BRANCH = 3;

export const inception = defineLayer({
  schema,
  plan: (options, input) =>
    concatenatePlans(
      branches(options).map((chain) => {
        const plans = planChain(chain, input);
        return {
          output: plans.at(-1)?.output ?? featureMap(input),
          tensors: plans.flatMap((plan) => plan.tensors),
          macs: plans.reduce((sum, plan) => sum + plan.macs, 0),
          mask: null,
        };
      }),
    ),
  branches: (options, input) =>
    branches(options).map((chain, branch) => {
      const plans = planChain(chain, input);
      const parts = chain.map(({ prefix, kernel, activation }, index) => ({
        name: prefix.slice(0, -1),
        operation: `conv ${kernel.join('×')}, ${activation}`,
        output: plans[index]!.output,
      }));
      const pool = { name: 'pool', operation: 'max_pool 3×3', output: input };
      return branch === POOL_BRANCH ? [pool, ...parts] : parts;
    }),
  forward: (tf, options, context, x) => {
    const chains = branches(options);
    const pooled = tf.maxPool(x as Tensor4D, [3, 3], [1, 1], explicitPadding(symmetricPadding([1, 1])));
    // The 1×1 convolutions at the head of the other branches all read x.
    const heads = chains.slice(0, POOL_BRANCH).flatMap(([head]) => (head?.kernel[0] === 1 ? [head] : []));
    const [first, ...others] = heads;
    const results = first ? forwardSideBySide(tf, [first, ...others], context, x) : [];
    const outputs = chains.map((chain, branch) => {
      const head = chain[0] && branch < POOL_BRANCH ? heads.indexOf(chain[0]) : -1;
      if (head === -1) return runChain(tf, chain, context, branch === POOL_BRANCH ? pooled : x);
      return runChain(tf, chain.slice(1), context, results[head]!);
    });
    return tf.concat(outputs, 3);
  },
});

/** Each convolution of a chain on the output of the one before it. */
function planChain(chain: readonly Convolution[], input: Shape): LayerPlan[] {
  let output = input;
  return chain.map((convolution) => {
    const plan = planConvolution(convolution, featureMap(output));
    output = plan.output;
    return plan;
  });
}

function runChain(tf: Tf, chain: readonly Convolution[], context: LayerContext, x: Tensor): Tensor {
  return chain.reduce((y, convolution) => forwardConvolution(tf, convolution, context, y), x);
}
