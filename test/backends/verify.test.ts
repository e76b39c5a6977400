import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type VerifyOptions, verifyBackends } from '../../src/backends/verify.js';
import { CompiledProgram } from '../../src/engines/compiled_program.js';
import { EagerProgram } from '../../src/engines/eager/eager_program.js';
import { UserError } from '../../src/errors.js';
import type { BackendName } from '../../src/registry/backends.js';
import { snapshot } from '../helpers/snapshot.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';
import { requireWebgpu } from '../helpers/webgpu.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => vi.restoreAllMocks());

function verify(options: Partial<VerifyOptions> = {}, changes: Record<string, unknown> = {}) {
  const config = join(directory, 'tiny.yaml');
  writeFileSync(config, tinyConfig(changes));
  const given = { config, sets: [], against: 'cpu' as const, steps: 3, tolerance: 1e-2, threads: 1 };
  return verifyBackends({ ...given, ...options });
}

describe('every backend that is usable here', { timeout: 300_000 }, () => {
  test.each<[BackendName, BackendName]>([
    ['onnxruntime-cpu', 'wasm'],
    ['onnxruntime-cpu', 'cpu'],
    ['onnxruntime-webgpu', 'onnxruntime-cpu'],
    ['wasm', 'cpu'],
  ])('%s agrees with %s', async (name, against) => {
    if (name === 'onnxruntime-webgpu') await requireWebgpu();
    // 9 steps: an epoch of 7, the last of which has a smaller batch, and 2 of the next.
    const result = await verify({ sets: [`backend=${name}`], against, steps: 9 });
    expect(result).toMatchObject({ backends: [name, against], agree: true });
    expect(result.steps).toHaveLength(9);
    expect(new Set(result.steps.map(({ losses: [loss] }) => loss)).size).toBe(9);
    expect(result.parameters.map(({ slots }) => Object.keys(slots))[0]).toEqual(['exp_avg', 'exp_avg_sq']);
    expect(result.worst).toBeGreaterThan(0);
  });
});

test('writes nothing', async () => {
  await verify({ steps: 1 });
  expect(Object.keys(snapshot(directory))).toEqual(['tiny.yaml']);
});

test('finds a backend that computes something else', async () => {
  const { backward } = EagerProgram.prototype;
  vi.spyOn(EagerProgram.prototype, 'backward').mockImplementation(function (
    this: EagerProgram,
    batch,
    masks,
  ) {
    return backward.call(this, batch, new Map([...masks].map(([name, mask]) => [name, mask.map(() => 1)])));
  });
  const result = await verify();
  expect(result.agree).toBe(false);
  expect(result.worst).toBeGreaterThan(0.05);
});

test('a backend against itself is a mistake of the command line', async () => {
  const error = await verify({ against: 'onnxruntime-cpu' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('--against onnxruntime-cpu') });
});

test('a backend that fails is named, with the step', async () => {
  vi.spyOn(CompiledProgram.prototype, 'backward').mockRejectedValue(new Error('Device lost'));
  const error = await verify().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    message: 'backend onnxruntime-cpu failed in a training step: Device lost',
    exitCode: 1,
  });
  expect(process.listenerCount('SIGINT')).toBe(0);
});
