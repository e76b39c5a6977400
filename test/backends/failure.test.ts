import { describe, expect, it } from 'vitest';
import {
  BackendFailure,
  failedRun,
  inStep,
  withFailures,
  withUserErrors,
} from '../../src/backends/failure.js';
import { EngineError } from '../../src/engines/engine_error.js';
import { UserError } from '../../src/errors.js';
import type { Program } from '../../src/model/program.js';
import { fakeProgram } from '../helpers/fake_program.js';

const BATCH = { size: 1, images: new Uint8Array(1), labels: new Int32Array(1) };
const EMPTY = { parameters: new Map(), buffers: new Map(), slots: new Map() };

/** A program of which everything fails with this error. */
const failing = (error: unknown) => {
  const fail = async () => {
    throw error;
  };
  return withFailures(
    Promise.resolve({
      ...fakeProgram(),
      prepare: fail,
      backward: fail,
      clip: fail,
      update: fail,
      gradients: fail,
      evaluate: fail,
      state: fail,
    }),
  );
};

describe('withFailures', () => {
  it('lets through what works', async () => {
    const program = fakeProgram({ backward: () => ({ loss: 3, mainLoss: 2, auxLoss: {}, correct: 1 }) });
    const guarded = await withFailures(Promise.resolve(program));
    expect(await guarded.backward(BATCH, new Map())).toMatchObject({ loss: 3 });
    await guarded.update({ step: 4, learningRate: 1 });
    expect((await guarded.evaluate(BATCH)).losses).toHaveLength(1);
    expect(await guarded.state()).toEqual(EMPTY);
    expect(program.calls).toEqual(['backward 1 images', 'update 4', 'evaluate 1 images']);
  });

  it.each([
    ['to compile the model', (p: Program) => p.prepare(1)],
    ['in the backward pass', (p: Program) => p.backward(BATCH, new Map())],
    ['to clip the gradients', (p: Program) => p.clip({ kind: 'norm', limit: 1 })],
    ['in the update', (p: Program) => p.update({ step: 7, learningRate: 1 })],
    ['to hand over gradients', (p: Program) => p.gradients()],
    ['in an evaluation', (p: Program) => p.evaluate(BATCH)],
    ['to hand over the state for a checkpoint', (p: Program) => p.state()],
  ])('says where it failed: %s', async (where, call) => {
    const lost = new Error('Device lost');
    const error = await call(await failing(new EngineError(lost))).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BackendFailure);
    expect(error).toMatchObject({ where, message: 'Device lost', cause: lost });
  });

  it.each([
    new Error('expected a tensor'),
    new RangeError('offset is out of bounds'),
    new TypeError('x is undefined'),
    new UserError('no such file'),
  ])('leaves alone what is no failure of a backend: %s', async (error) => {
    const program = await failing(error);
    await expect(program.state()).rejects.toBe(error);
    await expect(withFailures(Promise.reject(error))).rejects.toBe(error);
    await expect(inStep(3, 1, () => Promise.reject(error))).rejects.toBe(error);
  });

  it('says that the model could not be opened', async () => {
    const error = new EngineError(new Error('out of memory'));
    await expect(withFailures(Promise.reject(error))).rejects.toMatchObject({
      where: 'to open the model',
      message: 'out of memory',
    });
    await expect(withUserErrors(Promise.reject(error), 'wasm')).rejects.toThrow(
      'backend wasm failed to open the model: out of memory',
    );
  });

  it('names step and epoch of a training step', async () => {
    const program = await failing(new EngineError(new Error('Device lost')));
    await expect(inStep(12, 3, () => program.backward(BATCH, new Map()))).rejects.toMatchObject({
      where: 'in the backward pass of step 12 (epoch 3)',
      message: 'Device lost',
    });
    expect(await inStep(12, 3, async () => 'done')).toBe('done');
  });
});

it('withUserErrors: the backend, what it failed at, its own error, and what to do', async () => {
  const program = await withUserErrors(
    Promise.resolve({
      ...fakeProgram(),
      evaluate: async () => {
        throw new EngineError(new Error('Device lost\n    at Vulkan.cpp:1'));
      },
    }),
    'onnxruntime-webgpu',
  );
  const error = await program.evaluate(BATCH).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    message: 'backend onnxruntime-webgpu failed in an evaluation: Device lost',
    hint: 'gnet doctor tells which backends work here; --backend takes another one.',
    exitCode: 1,
  });
});

describe('failedRun', () => {
  const failure = new BackendFailure('in step 7', new Error('Device lost\n    at Vulkan.cpp:1'));
  const resumeWith = (backend: string) => `gnet run a.yaml --set backend=${backend} --resume`;

  it('names the failure, the checkpoint that stands and the command that goes on', () => {
    const saved = { directory: 'runs/a/checkpoints/last', step: 6 };
    expect(failedRun(failure, 'onnxruntime-webgpu', saved, resumeWith)).toMatchObject({
      message:
        'backend onnxruntime-webgpu failed in step 7: Device lost\nruns/a/checkpoints/last is of step 6 and stands.',
      hint: 'Go on with another backend:\n  gnet run a.yaml --set backend=onnxruntime-cpu --resume',
      exitCode: 1,
    });
  });

  it('names another backend than the one that failed, and says where there is no checkpoint', () => {
    const error = failedRun(failure, 'onnxruntime-cpu', null, resumeWith);
    expect(error.message).toContain('The run has no checkpoint yet: resumed, it starts anew.');
    expect(error.hint).toContain('backend=wasm');
  });
});
