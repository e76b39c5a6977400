import * as tf from '@tensorflow/tfjs';
import { FusedState } from '../../src/model/fused_state.js';
import { tensorArithmetic } from '../../src/model/tensor_update.js';
import {
  initialSlotValue,
  type OptimizerOptions,
  optimizerEntry,
} from '../../src/registry/optimizers/index.js';
import { updateTensor } from '../../src/registry/optimizers/optimizer.js';
import { runPython } from './python.js';

export const LEARNING_RATES = [0.1, 0.1, 0.05, 0.05, 0.2];
export const PARAMETER = [0.5, -1.25, 2, 0, -0.03, 10];
/** One gradient for each step; the fourth element's is 0 at first. */
export const GRADIENTS = [
  [0.3, -0.2, 1.5, 0, 4e-3, -20],
  [-0.1, -0.4, 0.7, 0, -2e-3, 5],
  [0.25, 0.1, -0.9, 0.6, 1e-5, 5],
  [0.3, -0.2, 1.5, -0.1, 4e-3, 0],
  [-0.7, 0.9, 0.02, 0.3, -1e-4, 1],
];

export interface OptimizerState {
  readonly parameter: ArrayLike<number>;
  readonly slots: Readonly<Record<string, ArrayLike<number>>>;
}

/** Five steps of the fused loop, or those of other gradients. */
export function runFused(
  options: OptimizerOptions,
  gradients = GRADIENTS,
  rates = LEARNING_RATES,
): OptimizerState {
  const tensor = (data: Float32Array) => new Map([['p', { shape: [data.length], data }]]);
  const state = new FusedState([{ parameters: ['p'], optimizer: options, learningRateFactor: 1 }], {
    parameters: tensor(Float32Array.from(PARAMETER)),
    slots: new Map(),
  });
  state.beginTraining();
  for (const [index, gradient] of gradients.entries()) {
    state.gradients.get('p')!.data.set(gradient);
    state.update({ learningRate: rates[index]!, step: index + 1 });
  }
  const slots = [...state.slots].map(([name, tensors]) => [name, tensors.get('p')!.data]);
  return { parameter: state.parameters.get('p')!.data, slots: Object.fromEntries(slots) };
}

/** The same five steps in tensor arithmetic. */
export async function runEager(
  options: OptimizerOptions,
  gradients = GRADIENTS,
  rates = LEARNING_RATES,
): Promise<OptimizerState> {
  await tf.setBackend('cpu');
  const entry = optimizerEntry(options.type);
  return tf.tidy(() => {
    let parameter: tf.Tensor = tf.tensor1d(PARAMETER);
    let slots: Readonly<Record<string, tf.Tensor>> = Object.fromEntries(
      entry
        .slots(options)
        .map((name) => [name, tf.fill([PARAMETER.length], initialSlotValue(options, name))]),
    );
    for (const [index, gradient] of gradients.entries()) {
      const scalars = entry.scalars(options, rates[index]!, index + 1);
      const outputs = updateTensor<tf.Tensor>(entry, options, tensorArithmetic(tf), {
        parameter,
        gradient: tf.tensor1d(gradient),
        slots,
        scalars: Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, tf.scalar(value)])),
      });
      parameter = outputs.parameter;
      slots = outputs.slots;
    }
    return {
      parameter: parameter.dataSync(),
      slots: Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, slot.dataSync()])),
    };
  });
}

/** The parameter after the same five steps of an optimizer of torch.optim, for each of these keywords. */
export function runTorch(name: 'SGD' | 'Adam' | 'AdamW', each: readonly object[]): number[][] {
  const script = `
import json, sys, torch
# parse_int: PyTorch refuses betas of 0 that are no floats.
name, each, parameter, gradients, rates = json.loads(sys.argv[1], parse_int=float)
def steps(keywords):
    p = torch.nn.Parameter(torch.tensor(parameter, dtype=torch.float32))
    optimizer = getattr(torch.optim, name)([p], lr=1.0, **keywords)
    for gradient, rate in zip(gradients, rates):
        optimizer.param_groups[0]['lr'] = rate
        p.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
    return p.tolist()
print(json.dumps([steps(keywords) for keywords in each]))`;
  const question = [name, each, PARAMETER, GRADIENTS, LEARNING_RATES];
  return runPython(script, JSON.stringify(question)) as number[][];
}
