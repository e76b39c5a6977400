import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { probe } from '../../../src/backends/doctor/probe.js';
import type { Trained } from '../../../src/backends/verify/compare_training.js';
import { trainInProcess } from '../../../src/backends/verify/process.js';
import { type VerifyOptions, verifyBackends } from '../../../src/backends/verify/verify.js';
import { UserError } from '../../../src/errors.js';
import type { BackendName } from '../../../src/registry/backends.js';
import { fakeTensorflows } from '../../helpers/fake_tensorflow.js';
import { snapshot } from '../../helpers/snapshot.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';
import { TINY, tinyConfig } from '../../helpers/tiny_config.js';
import { requireWebgpu } from '../../helpers/webgpu.js';

vi.mock('../../../src/terminal/screen.js', () => import('../../helpers/plain_stages.js'));

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

/** As they were last built: a process reads no TypeScript. */
const built: Parameters<typeof verifyBackends>[1] = {
  probe: (request) => probe(request, { entry: resolve('dist/backends/doctor/probe_main.js') }),
  trainInProcess: (request, options) =>
    trainInProcess(request, { ...options, entry: resolve('dist/backends/verify/main.js') }),
};

function verify(
  options: Partial<VerifyOptions> = {},
  changes: Record<string, unknown> = {},
  parts: typeof built = built,
) {
  const config = join(directory, 'tiny.yaml');
  writeFileSync(config, tinyConfig(changes));
  const given = { config, sets: [], against: 'cpu' as const, steps: 3, tolerance: 1e-2, threads: 1 };
  return verifyBackends({ ...given, ...options }, parts);
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

describe('two TensorFlows, which no process can hold together', () => {
  // No layer that needs more of TensorFlow than the fakes have.
  const model = {
    layers: [
      { type: 'flatten', name: 'flatten' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
  };

  test.each<[BackendName, BackendName]>([
    ['tensorflow-gpu', 'tensorflow'],
    ['tensorflow', 'tensorflow-gpu'],
  ])('%s is compared with %s', async (name, against) => {
    vi.stubEnv('XDG_CACHE_HOME', fakeTensorflows(join(directory, 'cache')));
    try {
      const result = await verify({ sets: [`backend=${name}`], against, steps: 1 }, { model });
      expect(result).toMatchObject({ backends: [name, against], agree: true });
      // The fake GPU's matrix products are off by 1e-5: 0 would mean that one of the two was compared with itself.
      const { difference } = result.steps[0]!;
      expect(difference).toBeGreaterThan(1e-7);
      expect(difference).toBeLessThan(1e-4);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

test('writes nothing', async () => {
  await verify({ steps: 1 });
  expect(Object.keys(snapshot(directory))).toEqual(['tiny.yaml']);
});

test('finds a backend that computes something else', async () => {
  const zeroed = ({ losses, state }: Trained): Trained => {
    const parameters = new Map(state.parameters);
    const { shape, data } = parameters.get('fc.weight')!;
    parameters.set('fc.weight', { shape, data: data.map((value) => 1.1 * value) });
    return { losses, state: { ...state, parameters } };
  };
  const result = await verify(
    { steps: 1 },
    {},
    {
      ...built,
      trainInProcess: async (request, options) => {
        const trained = await built.trainInProcess(request, options);
        return request.backend === 'cpu' ? zeroed(trained) : trained;
      },
    },
  );
  expect(result.agree).toBe(false);
  expect(result.worst).toBeGreaterThan(0.05);
  expect(result.parameters[0]!.name).toBe('fc.weight');
});

test('a backend against itself is a mistake of the command line', async () => {
  const error = await verify({ against: 'onnxruntime-cpu' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('--against onnxruntime-cpu') });
});

test.each<[BackendName, BackendName]>([
  ['tensorflow', 'cpu'],
  ['cpu', 'tensorflow'],
])('%s against %s: one that cannot run here is told before anything is trained', async (name, against) => {
  vi.stubEnv('XDG_CACHE_HOME', directory);
  const failure = { during: 'load', ended: { how: 'error' }, stderr: '' } as const;
  const diagnosis = { cause: 'it is not installed', mend: 'gnet backend install tensorflow' };
  const train = vi.fn<typeof trainInProcess>();
  const parts: typeof built = {
    probe: async ({ backend }) =>
      backend === 'tensorflow'
        ? { failure: { ...failure, error: { message: '', diagnosis } } }
        : { report: { device: 'cpu', threads: 1, versions: {}, kernels: null }, stderr: '' },
    trainInProcess: train,
  };
  await expect(verify({ sets: [`backend=${name}`], against }, {}, parts)).rejects.toMatchObject({
    message: 'backend tensorflow cannot run here: it is not installed',
  });
  expect(train).not.toHaveBeenCalled();
  vi.unstubAllEnvs();
});

test('a training that fails leaves no listener', async () => {
  const failing = { ...built, trainInProcess: () => Promise.reject(new UserError('Device lost')) };
  const before = process.listenerCount('SIGINT');
  await expect(verify({}, { dataset: TINY.dataset }, failing)).rejects.toThrow('Device lost');
  expect(process.listenerCount('SIGINT')).toBe(before);
});
