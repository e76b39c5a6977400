import { describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/config/load_plan.js';
import type { Program } from '../../src/model/program.js';
import { copyState, stateFrom } from '../../src/model/state.js';
import type { NamedTensor } from '../../src/storage/safetensors.js';
import { expectAllClose } from '../helpers/all_close.js';
import {
  computedReference,
  GOLDEN_BATCH,
  GOLDEN_SIZE,
  type Reference,
  recordedReference,
  whyNotComputed,
  whyNotRecorded,
} from '../helpers/golden.js';
import { programs, trainStepOn } from '../helpers/programs.js';
import { whyNoTensorflow } from '../helpers/tensorflow.js';

async function openGolden({ init }: Reference, open: (typeof programs)[keyof typeof programs]) {
  const { plan } = await loadPlan('configs/googlenet-cifar10.yaml', [
    `input.resize=${GOLDEN_SIZE}`,
    `training.batch_size=${GOLDEN_BATCH}`,
    'training.shuffle=false',
  ]);
  return open(plan, copyState(stateFrom(plan, init, 'init.safetensors')));
}

/** Expects the length of each tensor, times `factor`, to be the one recorded under its name. */
function expectNorms(
  tensors: ReadonlyMap<string, NamedTensor>,
  factor: number,
  expected: Readonly<Record<string, number>>,
  relative: number,
): void {
  expect([...tensors.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
  const norm = ({ data }: NamedTensor) =>
    factor * Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  const names = [...tensors.keys()];
  const norms = names.map((name) => norm(tensors.get(name)!));
  expectAllClose(
    norms,
    names.map((name) => expected[name]!),
    { relative, absolute: 0 },
  );
}

async function expectSteps(program: Program, { golden, batch }: Reference, steps: number): Promise<void> {
  for (let index = 0; index < steps; index++) {
    const update = { step: index + 1, learningRate: 1e-3 };
    const metrics = await trainStepOn(program, await batch('train', index), new Map(), update);
    const expected = golden.train[index]!;
    const tolerance = { relative: index < 5 ? 5e-4 : 1e-3, absolute: 0 };
    expectAllClose(
      [metrics.loss, metrics.mainLoss, metrics.auxLoss.aux_classifier!],
      [expected.loss, expected.main_loss, expected.aux_loss],
      tolerance,
    );
    expect(metrics.correct).toBe(expected.correct);
    if (index > 0) continue;
    // After Adam's first step its mean is a tenth of the gradient.
    const means = (await program.state()).slots.get('exp_avg')!;
    expectNorms(means, 10, golden.gradient_norms_step1, 1e-3);
  }
}

describe.each([
  ['recorded', whyNotRecorded, recordedReference],
  ['computed now', whyNotComputed, computedReference],
] as const)('the seed’s network as PyTorch trains it, %s', { timeout: 300_000 }, (_name, missing, open) => {
  let opened: Promise<Reference> | undefined;
  const reference = () => {
    opened ??= open();
    return opened;
  };

  it.for(['onnxruntime-cpu', 'tensorflow'] as const)(
    '%s: ten steps, the parameters after them, and evaluation',
    async (name, { skip }) => {
      skip(missing !== null, missing ?? '');
      skip(name === 'tensorflow' && whyNoTensorflow !== null, whyNoTensorflow ?? '');
      const pytorch = await reference();
      const { golden, batch } = pytorch;
      const program = await openGolden(pytorch, programs[name]);
      await expectSteps(program, pytorch, 10);
      // Adam makes much of small differences where a gradient is near 0: so TensorFlow of one bias among 16.
      const relative = name === 'tensorflow' ? 6e-3 : 2e-3;
      expectNorms((await program.state()).parameters, 1, golden.parameter_norms_after, relative);
      let loss = 0;
      let correct = 0;
      for (let index = 0; index < 5; index++) {
        const images = await batch('test', index);
        const { losses, predicted } = await program.evaluate(images);
        loss += losses.reduce((sum, each) => sum + each, 0) / 40;
        correct += predicted.filter((label, image) => label === images.labels[image]).length;
      }
      expectAllClose([loss], [golden.eval.loss], { relative: 2e-3, absolute: 0 });
      expect(correct).toBe(golden.eval.correct);
      program.dispose();
    },
  );

  // Not WebGPU, whose graph is that for CUDA: in software it takes half a minute for a step.
  it.for(['wasm', 'the graph for CUDA'] as const)('%s: two steps', async (name, { skip }) => {
    skip(missing !== null, missing ?? '');
    const pytorch = await reference();
    const program = await openGolden(pytorch, programs[name]);
    await expectSteps(program, pytorch, 2);
    program.dispose();
  });
});
