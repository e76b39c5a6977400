import { describe, expect, it } from 'vitest';
import { BackendFailure, failedRun, withFailures, withUserErrors } from '../../src/backends/failure.js';
import { UserError } from '../../src/errors.js';
import { fakeProgram } from '../helpers/fake_program.js';

const BATCH = { size: 1, images: new Uint8Array(1), labels: new Int32Array(1) };
const EMPTY = { parameters: new Map(), buffers: new Map(), slots: new Map() };

/** A program of which everything fails with this error. */
const failing = (error: unknown) => {
  const fail = async () => {
    throw error;
  };
  return withFailures({
    ...fakeProgram(),
    prepare: fail,
    backward: fail,
    update: fail,
    gradients: fail,
    evaluate: fail,
    state: fail,
  });
};

describe('withFailures', () => {
  it('lets through what works', async () => {
    const program = fakeProgram({ backward: () => ({ loss: 3, mainLoss: 2, auxLoss: {}, correct: 1 }) });
    const guarded = withFailures(program);
    expect(await guarded.backward(BATCH, new Map())).toMatchObject({ loss: 3 });
    await guarded.update({ step: 4, learningRate: 1 });
    expect((await guarded.evaluate(BATCH)).losses).toHaveLength(1);
    expect(await guarded.state()).toEqual(EMPTY);
    expect(program.calls).toEqual(['backward 1 images', 'update 4', 'evaluate 1 images']);
  });

  it.each([
    ['to compile the model', (p: ReturnType<typeof failing>) => p.prepare(1)],
    ['in a training step', (p: ReturnType<typeof failing>) => p.backward(BATCH, new Map())],
    ['in the update of step 7', (p: ReturnType<typeof failing>) => p.update({ step: 7, learningRate: 1 })],
    ['to hand over gradients', (p: ReturnType<typeof failing>) => p.gradients()],
    ['in an evaluation', (p: ReturnType<typeof failing>) => p.evaluate(BATCH)],
    ['to hand over the state for a checkpoint', (p: ReturnType<typeof failing>) => p.state()],
  ])('says where it failed: %s', async (where, call) => {
    const lost = new Error('Device lost');
    const error = await call(failing(lost)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BackendFailure);
    expect(error).toMatchObject({ where, message: 'Device lost', cause: lost });
  });

  it.each([new TypeError('x is undefined'), new UserError('no such file')])(
    'leaves alone what is no failure of a backend: %s',
    async (error) => {
      await expect(failing(error).state()).rejects.toBe(error);
    },
  );
});

it('withUserErrors: the backend, what it failed at, its own error, and what to do', async () => {
  const program = withUserErrors(
    {
      ...fakeProgram(),
      evaluate: async () => {
        throw new Error('Device lost\n    at Vulkan.cpp:1');
      },
    },
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
