import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/config/load_plan.js';
import type { Batch, Program } from '../../src/model/program.js';
import { stateFrom } from '../../src/model/state.js';
import { type NamedTensor, readSafetensors } from '../../src/storage/safetensors.js';
import { expectAllClose } from '../helpers/all_close.js';
import { programs, trainStepOn } from '../helpers/programs.js';
import { whyNoTensorflow } from '../helpers/tensorflow.js';

/**
 * Ten steps of the same network in PyTorch, on the first images of CIFAR-10: the records are not ours to keep here.
 * GNET_GOLDEN_DIR holds golden.json and init.safetensors, GNET_CIFAR10_DIR the data set's .bin files.
 */
const { GNET_GOLDEN_DIR, GNET_CIFAR10_DIR } = process.env;
const missing = ['GNET_GOLDEN_DIR', 'GNET_CIFAR10_DIR'].filter((name) => process.env[name] === undefined);

const BATCH = 8;
const RECORD_BYTES = 3073;

interface Golden {
  readonly train: readonly {
    readonly loss: number;
    readonly main_loss: number;
    readonly aux_loss: number;
    readonly correct: number;
  }[];
  readonly eval: { readonly loss: number; readonly correct: number };
  readonly gradient_norms_step1: Readonly<Record<string, number>>;
  readonly parameter_norms_after: Readonly<Record<string, number>>;
}

async function openGolden(open: (typeof programs)[keyof typeof programs]) {
  const golden: Golden = JSON.parse(await readFile(join(GNET_GOLDEN_DIR!, 'golden.json'), 'utf8'));
  const { plan } = await loadPlan('configs/googlenet-cifar10.yaml', [
    'input.resize=64',
    `training.batch_size=${BATCH}`,
    'training.shuffle=false',
  ]);
  const { tensors } = await readSafetensors(join(GNET_GOLDEN_DIR!, 'init.safetensors'));
  return { golden, program: await open(plan, stateFrom(plan, tensors, 'init.safetensors')) };
}

/** Batch number `index` of a file, in the order of its records. */
async function batchOf(file: string, index: number): Promise<Batch> {
  const bytes = await readFile(join(GNET_CIFAR10_DIR!, file));
  const records = Array.from({ length: BATCH }, (_, record) => {
    const start = (index * BATCH + record) * RECORD_BYTES;
    return bytes.subarray(start, start + RECORD_BYTES);
  });
  return {
    size: BATCH,
    images: Uint8Array.from(Buffer.concat(records.map((record) => record.subarray(1)))),
    labels: Int32Array.from(records, (record) => record[0]!),
  };
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

async function expectSteps(program: Program, golden: Golden, steps: number): Promise<void> {
  for (let index = 0; index < steps; index++) {
    const batch = await batchOf('data_batch_1.bin', index);
    const metrics = await trainStepOn(program, batch, new Map(), { step: index + 1, learningRate: 1e-3 });
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

describe('the seed’s network as PyTorch trains it', { timeout: 300_000 }, () => {
  it.for(['onnxruntime-cpu', 'tensorflow'] as const)(
    '%s: ten steps, the parameters after them, and evaluation',
    async (name, { skip }) => {
      skip(missing.length > 0, `not set: ${missing.join(', ')}`);
      skip(name === 'tensorflow' && whyNoTensorflow !== null, whyNoTensorflow ?? '');
      const { golden, program } = await openGolden(programs[name]);
      await expectSteps(program, golden, 10);
      // Adam makes much of small differences where a gradient is near 0: so TensorFlow of one bias among 16.
      const relative = name === 'tensorflow' ? 6e-3 : 2e-3;
      expectNorms((await program.state()).parameters, 1, golden.parameter_norms_after, relative);
      let loss = 0;
      let correct = 0;
      for (let index = 0; index < 5; index++) {
        const batch = await batchOf('test_batch.bin', index);
        const { losses, predicted } = await program.evaluate(batch);
        loss += losses.reduce((sum, each) => sum + each, 0) / 40;
        correct += predicted.filter((label, image) => label === batch.labels[image]).length;
      }
      expectAllClose([loss], [golden.eval.loss], { relative: 2e-3, absolute: 0 });
      expect(correct).toBe(golden.eval.correct);
      program.dispose();
    },
  );

  it.for(['wasm', 'onnxruntime-webgpu', 'the graph for CUDA'] as const)(
    '%s: two steps',
    async (name, { skip }) => {
      skip(missing.length > 0, `not set: ${missing.join(', ')}`);
      const { golden, program } = await openGolden(programs[name]);
      await expectSteps(program, golden, 2);
      program.dispose();
    },
  );
});
