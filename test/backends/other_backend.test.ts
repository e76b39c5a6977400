import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import { CompiledProgram } from '../../src/engines/compiled_program.js';
import { EagerProgram } from '../../src/engines/eager/eager_program.js';
import { EngineError } from '../../src/engines/engine_error.js';
import { DeviceProgram } from '../../src/engines/onnxruntime/device_program.js';
import * as ort from '../../src/engines/onnxruntime/onnxruntime.js';
import { UserError } from '../../src/errors.js';
import type { Program } from '../../src/model/program.js';
import { type RunOptions, runExperiment } from '../../src/pipeline/run.js';
import type { BackendName } from '../../src/registry/backends.js';
import { globalAvgPool } from '../../src/registry/layers/global_avg_pool.js';
import { readCheckpoint } from '../../src/storage/checkpoints.js';
import { expectAllClose } from '../helpers/all_close.js';
import { metricsLines } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';
import { whyNoWebgpu } from '../helpers/webgpu.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => vi.restoreAllMocks());

function run(backend: BackendName, options: Partial<RunOptions> = {}) {
  const config = join(directory, 'tiny.yaml');
  writeFileSync(config, tinyConfig());
  const sets = [`backend=${backend}`];
  const runDir = join(directory, 'run');
  return runExperiment({ config, sets, runDir, resume: true, init: undefined, threads: 1, ...options });
}

const last = (runDir = join(directory, 'run')) => readCheckpoint(join(runDir, 'checkpoints/last'));

/** Lets a training step fail on any backend, as a lost device does. */
function failAt(step: number): void {
  vi.restoreAllMocks();
  for (const { prototype } of [CompiledProgram, DeviceProgram, EagerProgram]) {
    const { update } = prototype;
    vi.spyOn(prototype, 'update').mockImplementation(function (this: Program, given) {
      return given.step === step
        ? Promise.reject(new EngineError(new Error('Device lost')))
        : update.call(this, given);
    });
  }
}

describe('a backend that fails in the middle of a run', () => {
  test('leaves the last checkpoint and the command that goes on with another', async () => {
    failAt(5); // a checkpoint every 3 steps
    const error: unknown = await run('onnxruntime-cpu').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    const { message, hint } = error as UserError;
    const kept = join(directory, 'run/checkpoints/last');
    expect(message).toBe(
      `backend onnxruntime-cpu failed in the update of step 5 (epoch 1): Device lost\n${kept} is of step 3 and stands.`,
    );
    const arguments_ = `run ${join(directory, 'tiny.yaml')} --set backend=wasm --run-dir ${join(directory, 'run')} --resume --threads 1`;
    expect(hint).toMatch(/^Go on with another backend:\n {2}\S/);
    expect(hint!.endsWith(arguments_)).toBe(true);
    expect((await last()).state.step).toBe(3);
    vi.restoreAllMocks();
    expect((await run('wasm')).steps).toBe(14);
  });

  test('says which step of which epoch it was: the backward pass of one', async () => {
    const { backward } = CompiledProgram.prototype;
    let steps = 0;
    vi.spyOn(CompiledProgram.prototype, 'backward').mockImplementation(function (this: Program, ...given) {
      steps++;
      return steps === 10
        ? Promise.reject(new EngineError(new Error('Device lost')))
        : backward.apply(this as CompiledProgram, given);
    });
    // 7 steps an epoch, and one batch more after it for the gradients.
    await expect(run('onnxruntime-cpu')).rejects.toThrow(
      'backend onnxruntime-cpu failed in the backward pass of step 9 (epoch 2): Device lost',
    );
  });

  test('where it cannot even open the model', async () => {
    await loadTfjs('cpu');
    vi.spyOn(tf.backend(), 'write').mockImplementation(() => {
      throw new EngineError(new Error('out of memory'));
    });
    await expect(run('cpu')).rejects.toThrow('backend cpu failed to open the model: out of memory');
  });

  test('before its first checkpoint starts anew', async () => {
    failAt(1);
    await expect(run('onnxruntime-cpu')).rejects.toThrow('The run has no checkpoint yet');
    vi.restoreAllMocks();
    expect((await run('wasm')).steps).toBe(14);
    expect(metricsLines(join(directory, 'run')).filter(({ split }) => split === 'train')).toHaveLength(14);
  });
});

describe("a mistake of gnet's own in the middle of a run", () => {
  // As it would be thrown by the code of a layer or an optimizer, on whatever backend.
  test.each(['onnxruntime-cpu', 'wasm'] as const)('keeps its stack on %s', async (backend) => {
    const mistake = new Error('expected a filter, got none');
    const forward = vi.spyOn(globalAvgPool, 'forward').mockImplementation(() => {
      throw mistake;
    });
    await expect(run(backend)).rejects.toBe(mistake);
    forward.mockRestore();
  });

  test('what the engine says is a failure of the backend', async () => {
    vi.spyOn(ort.InferenceSession, 'create').mockRejectedValue(new Error('no kernel image'));
    await expect(run('onnxruntime-cpu')).rejects.toThrow(
      'backend onnxruntime-cpu failed to compile the model: no kernel image',
    );
  });
});

/** A walk over the names that makes every step from one to another just once: a b a c b c a. */
function everyMove<T>(names: readonly T[]): T[] {
  const pairs = names.flatMap((from, index) => names.slice(index + 1).flatMap((to) => [from, to]));
  return [...pairs, names[0]!];
}

// Long where a GPU is software.
test('a checkpoint moves from any backend to any other, and training goes on as on one', {
  timeout: 600_000,
}, async () => {
  const others = (await whyNoWebgpu()) === null ? (['onnxruntime-webgpu'] as const) : [];
  const walk = everyMove<BackendName>(['onnxruntime-cpu', 'wasm', 'cpu', ...others]);
  expect(new Set(walk.slice(1).map((to, index) => `${walk[index]} ${to}`)).size).toBe(walk.length - 1);
  const sets = ['checkpoint.every_steps=1'];
  const whole = join(directory, 'whole');
  await run('onnxruntime-cpu', { sets, runDir: whole });

  for (const [index, backend] of walk.entries()) {
    failAt(index + 2);
    const moved = run(backend, { sets: [...sets, `backend=${backend}`] });
    if (index + 2 <= 14) await expect(moved).rejects.toThrow(`is of step ${index + 1} and stands`);
    else await moved;
  }
  vi.restoreAllMocks();
  await run('onnxruntime-cpu', { sets });

  const losses = (runDir: string) =>
    metricsLines(runDir).flatMap(({ split, loss }) => (split === 'train' ? [loss as number] : []));
  expectAllClose(losses(join(directory, 'run')), losses(whole), { relative: 1e-4, absolute: 0 });
  const [actual, expected] = [await last(), await last(whole)];
  for (const [name, { data }] of expected.tensors)
    expectAllClose(actual.tensors.get(name)!.data as Float32Array, data as Float32Array, {
      relative: 1e-3,
      absolute: 1e-4,
    });
  for (const [slot, tensors] of expected.slots)
    for (const [name, { data }] of tensors)
      expectAllClose(actual.slots.get(slot)!.get(name)!.data, data, { relative: 1e-3, absolute: 1e-4 });
});
