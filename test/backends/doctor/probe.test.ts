import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { diagnose } from '../../../src/backends/diagnose.js';
import type { UnusableBackend } from '../../../src/backends/diagnosis.js';
import { probe } from '../../../src/backends/doctor/probe.js';
import type { ProbeRequest } from '../../../src/backends/doctor/protocol.js';
import { requireBackend } from '../../../src/backends/open_program.js';
import { examineSystem } from '../../../src/backends/system.js';
import { reinstallCommand } from '../../../src/backends/tensorflow.js';
import { machine } from '../../helpers/machine.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';
import { tinyPlan } from '../../helpers/tiny_plan.js';

/** As it was last built: a process reads no TypeScript. */
const built = (file: string) => resolve('dist', file);
const MAIN = built('backends/doctor/probe_main.js');

const FACTS = { system: machine(), reinstall: 'npm ci' };

const request = (changes: Partial<ProbeRequest> = {}): ProbeRequest => ({
  backend: 'cpu',
  threads: 2,
  config: null,
  ...changes,
});

describe('a sound installation', () => {
  test('computes, and tells its device, threads and versions', async () => {
    expect(await probe(request({ backend: 'onnxruntime-cpu' }), { entry: MAIN })).toEqual({
      report: {
        device: 'cpu',
        threads: 2,
        versions: { 'onnxruntime-node': expect.stringMatching(/^1\.\d+\.\d+/) },
        kernels: null,
      },
      stderr: '',
    });
    expect(await probe(request({ backend: 'wasm' }), { entry: MAIN })).toMatchObject({
      report: { device: 'cpu', threads: 1, versions: { '@tensorflow/tfjs': expect.stringMatching(/^4\./) } },
    });
  });

  test.each(['onnxruntime-cpu', 'wasm'] as const)('%s has the kernels of a config', async (backend) => {
    const result = await probe(request({ backend, config: tinyPlan().config }), { entry: MAIN });
    expect(result).toMatchObject({ report: { kernels: { missing: [], problem: null } } });
  });
});

describe('a broken installation', () => {
  let directory: string;
  let entry: string;

  /** A backend whose `load` requires the package "broken", and goes on with TensorFlow.js in plain JavaScript. */
  beforeEach(() => {
    directory = temporaryDirectory();
    entry = join(directory, 'entry.mjs');
    const url = (file: string) => JSON.stringify(pathToFileURL(built(file)).href);
    writeFileSync(
      entry,
      `import { createRequire } from 'node:module';
       import { answerProbe } from ${url('backends/doctor/probe_child.js')};
       import { UnusableBackend } from ${url('backends/diagnosis.js')};
       import { loadTfjs } from ${url('backends/load_tfjs.js')};
       const require = createRequire(import.meta.url);
       const load = async () => require('broken')(await loadTfjs('cpu'), UnusableBackend);
       answerProbe({ cpu: { kind: 'eager', description: 'broken', hasThreads: false } }, load);`,
    );
  });

  /** Installs the package, with this text of its module, and probes. */
  function probeBroken(source: string, timeLimitMs?: number) {
    const folder = join(directory, 'node_modules/broken');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.js'), source);
    writeFileSync(
      join(folder, 'garbage.node'),
      'this is no library, and long enough to be read as one'.repeat(9),
    );
    return probe(request(), { entry, ...(timeLimitMs === undefined ? {} : { timeLimitMs }) });
  }

  async function failureOf(source: string, timeLimitMs?: number) {
    const result = await probeBroken(source, timeLimitMs);
    if (!('failure' in result)) throw new Error('the probe did not fail');
    return result.failure;
  }

  test('that is not there', async () => {
    const result = await probe(request(), { entry });
    expect(result).toMatchObject({ failure: { during: 'load', ended: { how: 'error' } } });
    expect('failure' in result && diagnose(result.failure, FACTS)).toEqual({
      cause: 'broken is not installed',
      mend: 'npm ci',
    });
  });

  test('that throws: the message with those of its causes, and no diagnosis', async () => {
    const source = "throw new Error('outer', { cause: new Error('inner') });";
    expect(await failureOf(source)).toEqual({
      during: 'load',
      ended: { how: 'error' },
      error: { message: 'outer\ninner', diagnosis: null },
      stderr: '',
    });
  });

  test('that explains itself: its diagnosis', async () => {
    const source = "module.exports = (tf, E) => { throw new E('cpu', { cause: 'no luck', mend: 'npm ci' }) }";
    expect((await failureOf(source)).error).toEqual({
      message: 'backend cpu cannot run here: no luck',
      diagnosis: { cause: 'no luck', mend: 'npm ci' },
    });
  });

  test('whose native part is garbage', async () => {
    const failure = await failureOf("require('./garbage.node')");
    expect(failure.ended).toEqual({ how: 'error' });
    expect(diagnose(failure, FACTS).cause).toMatch(
      /^its native part is damaged .*\((invalid ELF|not a mach-o)/,
    );
  });

  test.each(['SIGSEGV', 'SIGILL', 'SIGABRT'] as const)('that ends the process with %s', async (signal) => {
    const source = `console.error('last words'); process.kill(process.pid, '${signal}'); for (;;);`;
    expect(await failureOf(source)).toEqual({
      during: 'load',
      ended: { how: 'signal', signal },
      error: null,
      stderr: 'last words\n',
    });
  });

  test('that ends the process with an exit code', async () => {
    const failure = await failureOf('process.exit(7)');
    expect(failure).toMatchObject({ during: 'load', ended: { how: 'exit', code: 7 }, error: null });
  });

  test('that throws where nobody can catch it', async () => {
    const failure = await failureOf(
      "setImmediate(() => { throw new Error('late') }); module.exports = () => new Promise(() => {});",
    );
    expect(failure).toMatchObject({ ended: { how: 'exit', code: 1 }, error: null });
    expect(failure.stderr).toContain('Error: late');
  });

  test.each([
    ['and does nothing', 'module.exports = () => new Promise(() => {});'],
    ['and blocks its thread', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'],
  ])('that hangs %s', async (_, source) => {
    expect((await failureOf(source, 1000)).ended).toEqual({ how: 'time limit', seconds: 1 });
  });

  test('that computes nonsense', async () => {
    const source =
      'module.exports = (tf) => Object.create(tf, { matMul: { value: (a, b) => tf.add(tf.matMul(a, b), 1) } });';
    expect(await failureOf(source)).toMatchObject({
      during: 'compute',
      error: { message: 'wrong result: expected 37,84,67,144 of the trial computation, got 38,85,68,145' },
    });
  });

  test('that prints rubbish first is sound all the same', async () => {
    const source = `process.stdout.write('{"error":"rubbish"}\\n'.repeat(10000)); module.exports = (tf) => tf;`;
    expect(await probeBroken(source)).toMatchObject({ report: { device: 'cpu', threads: 1 } });
  });

  test('whose entry point is missing', async () => {
    const result = await probe(request(), { entry: join(directory, 'nothing.mjs') });
    expect(result).toMatchObject({ failure: { during: 'start', ended: { how: 'exit', code: 1 } } });
  });
});

// tensorflow last: its library is loaded once in a process, and then serves tensorflow-gpu too.
test.each(['tensorflow-gpu', 'onnxruntime-cuda', 'onnxruntime-webgpu', 'tensorflow'] as const)(
  '%s: a run says the same',
  async (backend) => {
    vi.stubEnv('VK_DRIVER_FILES', '/nowhere/none.json');
    const thrown: unknown = await requireBackend(backend, 1).catch((error: unknown) => error);
    const result = await probe(request({ backend }), { entry: MAIN });
    const facts = { system: await examineSystem(), reinstall: reinstallCommand(backend) };
    vi.unstubAllEnvs();
    if (thrown === undefined) return expect(result).toHaveProperty('report');
    expect((thrown as UnusableBackend).diagnosis).toEqual(
      'failure' in result && diagnose(result.failure, facts),
    );
  },
);
