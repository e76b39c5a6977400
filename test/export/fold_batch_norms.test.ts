import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import { ModelProtoSchema } from '../../src/engines/onnxruntime/onnx_pb.js';
import { exportOnnx, openOnnx } from '../../src/export/onnx.js';
import { initialState, type ModelState } from '../../src/model/state.js';
import { expectAllClose } from '../helpers/all_close.js';
import { programs, randomBatch } from '../helpers/programs.js';
import { TestRandom } from '../helpers/random.js';
import { smallPlan } from '../helpers/small_plan.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

/** The initial state, but that norms, biases and running statistics are such that leaving one out would show. */
function lively(plan: Plan): ModelState {
  const state = initialState(plan);
  const random = new TestRandom(3);
  for (const [name, { shape, data }] of [...state.parameters, ...state.buffers]) {
    if (shape.length !== 1 || !(data instanceof Float32Array)) continue;
    const noise = random.tensor(shape).values;
    const shift = name.endsWith('running_var') ? 1.5 : 0;
    for (let i = 0; i < noise.length; i++) data[i] = noise[i]! + shift;
  }
  return state;
}

/** Operators behind the first convolution, and the names of weights. */
function contents(bytes: Uint8Array) {
  const { node, initializer } = fromBinary(ModelProtoSchema, bytes).graph!;
  const first = node.findIndex(({ opType }) => opType === 'Conv');
  const weights = initializer.map(({ name }) => name).filter((name) => name.includes('.'));
  return { operators: node.slice(first).map(({ opType }) => opType), weights };
}

const conv = { type: 'conv', filters: 6, kernel: 3, padding: 1 };
const head = [{ type: 'global_avg_pool' }, { type: 'linear', name: 'fc', units: 'num_classes' }];
const tail = ['ReduceMean', 'Gemm', 'Add', 'Softmax'];

describe.each([
  {
    name: 'a norm becomes the filters and the bias of the convolution before it',
    layers: [{ ...conv, name: 'c', bias: false }, { type: 'batch_norm', name: 'n' }, { type: 'relu' }],
    operators: ['Conv', 'Relu'],
    weights: ['c.weight_folded', 'c.weight_folded_bias'],
  },
  {
    name: 'of groups and with a bias, too',
    layers: [
      { ...conv, name: 'c', stride: 2 },
      { type: 'batch_norm', name: 'n1', affine: false },
      { ...conv, name: 'g', groups: 3, dilation: 2, padding: 2 },
      { type: 'batch_norm', name: 'n2', eps: 0.1 },
    ],
    operators: ['Conv', 'Conv'],
    weights: ['c.weight_folded', 'c.weight_folded_bias', 'g.weight_folded', 'g.weight_folded_bias'],
  },
  {
    name: 'not where something else reads the convolution',
    layers: [
      { ...conv, name: 'c', bias: false },
      { type: 'residual', name: 'r', layers: [{ type: 'batch_norm', name: 'n' }] },
    ],
    operators: ['Conv', 'Mul', 'Add', 'Add'],
    weights: ['c.weight'],
  },
  {
    name: 'not across an activation',
    layers: [
      { ...conv, name: 'c', activation: 'relu' },
      { type: 'batch_norm', name: 'n' },
    ],
    operators: ['Conv', 'Relu', 'Mul', 'Add'],
    weights: ['c.weight', 'c.bias'],
  },
])('$name', ({ layers, operators, weights }) => {
  it('and the logits are those of the model', async () => {
    const plan = smallPlan({ layers: [...layers, ...head] });
    const state = lively(plan);
    const bytes = await exportOnnx(plan, state, { version: '1', metadata: {} });
    expect(contents(bytes)).toEqual({
      operators: [...operators, ...tail],
      weights: expect.arrayContaining([...weights, 'fc.weight', 'fc.bias']),
    });
    expect(contents(bytes).weights).toHaveLength(weights.length + 2);

    const path = join(temporaryDirectory(), 'model.onnx');
    writeFileSync(path, bytes);
    const batch = randomBatch(plan, 3, 1);
    const program = await programs.cpu(plan, state);
    const { logits } = await program.evaluate(batch);
    program.dispose();
    const exported = await openOnnx(path, plan);
    expectAllClose((await exported.predict(batch.images, 3)).logits, logits, { relative: 0, absolute: 1e-4 });
    await exported.release();
  });
});
