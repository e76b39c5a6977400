import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { describeFiles } from '../../../src/backends/install/build_files.js';
import { installBackend } from '../../../src/backends/install/install_backend.js';
import { TENSORFLOW_VERSION } from '../../../src/backends/install/pinned_wheels.js';
import { buildName } from '../../../src/backends/tensorflow_build.js';
import { fakePrograms } from '../../helpers/fake_programs.js';
import { gnet, startGnet } from '../../helpers/gnet.js';
import { shown } from '../../helpers/plain_stages.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';
import { waitUntil } from '../../helpers/wait_until.js';
import { type WheelParts, wheel } from '../../helpers/zip.js';

vi.mock('../../../src/terminal/screen.js', () => import('../../helpers/plain_stages.js'));

let cwd: string;
let builds: string;
beforeEach(() => {
  cwd = temporaryDirectory();
  builds = join(cwd, 'gnet/backends');
  vi.stubEnv('XDG_CACHE_HOME', cwd);
  vi.stubEnv('CXX', undefined);
  vi.stubEnv('PYTHON', undefined);
  shown.length = 0;
  return () => vi.unstubAllEnvs();
});

const works = 'exit 0';
/** What is in the folder of the builds, hidden entries too. */
const left = () => (existsSync(builds) ? readdirSync(builds) : []);

function wheelFile(parts: WheelParts): string {
  const path = join(cwd, 'some.whl');
  writeFileSync(path, wheel(parts));
  return path;
}

describe('what stops it leaves nothing behind', () => {
  it.each<[string, Record<string, string>, string]>([
    ['no compiler', { npm: works, python3: works }, 'a C++ compiler (tried c++, g++, clang++)'],
    ['no pip', { npm: works, 'c++': works, python3: 'exit 1' }, 'Python 3 with pip (tried python3, python)'],
    [
      'a registry that refuses',
      {
        'c++': works,
        python3: works,
        npm: '[ "$1" = --version ] || { echo "npm error 403 Forbidden" >&2; exit 1; }',
      },
      'npm cannot fetch @tensorflow/tfjs-node@4.22.0, google-protobuf@4.0.3, node-api-headers@1.9.0: 403 Forbidden',
    ],
  ])('%s', async (_case, programs, message) => {
    vi.stubEnv('PATH', fakePrograms(programs));
    const installing = installBackend({ name: 'tensorflow', wheel: undefined });
    await expect(installing).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message),
    });
    expect(left()).toEqual([]);
  });

  it.each<[string, WheelParts, RegExp]>([
    ['of something else', { name: 'numpy' }, /expected a wheel of tensorflow or tensorflow-cpu, got numpy$/],
    [
      'for another processor',
      { tag: 'cp312-cp312-manylinux_2_27_s390x' },
      /expected a wheel for Linux on \w+, got cp312-cp312-manylinux_2_27_s390x$/,
    ],
    [
      'too old',
      { version: '2.4.0' },
      /TensorFlow 2\.4\.0 has no libtensorflow_cc\.so\.2 and no libtensorflow_framework\.so\.2$/,
    ],
  ])('a wheel %s', async (_case, parts, message) => {
    await expect(installBackend({ name: 'tensorflow', wheel: wheelFile(parts) })).rejects.toThrow(message);
    expect(left()).toEqual([]);
  });

  it('for the GPU, the wheel without CUDA is not taken', async () => {
    await expect(installBackend({ name: 'tensorflow-gpu', wheel: wheelFile({}) })).rejects.toThrow(
      process.arch === 'x64'
        ? /expected a wheel of tensorflow, got tensorflow_cpu$/
        : /is built on Linux on x64/,
    );
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('%s', async (signal) => {
    const marker = join(cwd, 'packing');
    const npm = `[ "$1" = --version ] || { echo > ${marker}; exec sleep 60; }`;
    const env = {
      XDG_CACHE_HOME: cwd,
      PATH: `${fakePrograms({ npm, 'c++': works, python3: works })}:${process.env.PATH}`,
    };
    const { child, ended } = startGnet(['backend', 'install', 'tensorflow'], { cwd, env });
    await waitUntil('npm packs', () => existsSync(marker));
    child.kill(signal);
    const { code, stderr } = await ended;
    if (signal === 'SIGINT') {
      expect(code).toBe(130);
      expect(stderr).toContain('interrupted; nothing was installed');
      expect(left()).toEqual([]);
      return;
    }
    expect(left()).toEqual([expect.stringMatching(/^\.install\./)]);
    // The next one sweeps up.
    vi.stubEnv('PATH', fakePrograms({}));
    await expect(installBackend({ name: 'tensorflow', wheel: undefined })).rejects.toThrow(
      'needs a C++ compiler',
    );
    expect(left()).toEqual([]);
  });
});

describe('a build that is there', () => {
  async function addBuild(version = TENSORFLOW_VERSION): Promise<string> {
    const directory = join(builds, buildName('tensorflow', version));
    mkdirSync(join(directory, 'tensorflow'), { recursive: true });
    writeFileSync(join(directory, 'tensorflow/library'), 'abc');
    const manifest = { tensorflow: version, created_at: '', files: await describeFiles(directory) };
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
    return directory;
  }
  const install = (file?: string) => installBackend({ name: 'tensorflow', wheel: file });

  it('is left as it is where every checksum agrees', async () => {
    const directory = await addBuild();
    expect(await install()).toEqual({
      backend: 'tensorflow',
      directory,
      tensorflow: TENSORFLOW_VERSION,
      bytes: 3,
      built: false,
    });
    expect(shown).toEqual([
      `Present build: TensorFlow ${TENSORFLOW_VERSION}, every checksum agrees; nothing is left to do (${directory})`,
    ]);
  });

  it('is built anew where a file was changed, and stays until the new one is complete', async () => {
    const directory = await addBuild();
    appendFileSync(join(directory, 'tensorflow/library'), 'd');
    vi.stubEnv('PATH', fakePrograms({}));
    await expect(install()).rejects.toThrow('needs a C++ compiler');
    expect(shown).toEqual(['Present build: damaged, and will be replaced (tensorflow/library)']);
    expect(left()).toEqual([buildName('tensorflow', TENSORFLOW_VERSION)]);
  });

  it('of another version is replaced', async () => {
    await addBuild('2.20.0');
    vi.stubEnv('PATH', fakePrograms({}));
    await expect(install()).rejects.toThrow('needs a C++ compiler');
    expect(shown).toEqual([`Present build: TensorFlow 2.20.0, which ${TENSORFLOW_VERSION} will replace`]);
  });
});

/**
 * Everything for real: two downloads from the package registries (270 MB), a compiler, 2 GB of disk for a while.
 * GNET_TEST_TENSORFLOW is 1, or the path of a wheel of TensorFlow.
 */
const { GNET_TEST_TENSORFLOW } = process.env;

it('builds TensorFlow, trains on it, mends it, removes it', { timeout: 900_000 }, async ({ skip }) => {
  skip(!GNET_TEST_TENSORFLOW, 'GNET_TEST_TENSORFLOW is not set');
  const env = { XDG_CACHE_HOME: cwd };
  const given = GNET_TEST_TENSORFLOW === '1' ? [] : ['--wheel', GNET_TEST_TENSORFLOW!];
  const install = () => gnet(['backend', 'install', 'tensorflow', '--json', ...given], { cwd, env });

  const first = await install();
  expect(first).toMatchObject({ code: 0 });
  const { directory, tensorflow, built } = JSON.parse(first.stdout);
  expect([directory, built]).toEqual([join(builds, buildName('tensorflow', tensorflow)), true]);
  expect(left()).toEqual([buildName('tensorflow', tensorflow)]);

  const words = ['run', join(import.meta.dirname, '../../configs/smoke.yaml'), '--run-dir', 'run', '--json'];
  const run = await gnet([...words, '--backend', 'tensorflow'], { cwd, env });
  expect(run).toMatchObject({ code: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ backend: 'tensorflow', epochs: 2 });

  expect(JSON.parse((await install()).stdout)).toMatchObject({ directory, built: false });
  const binding = join(directory, 'tensorflow/tfjs_binding.node');
  const intact = readFileSync(binding);
  writeFileSync(binding, intact.subarray(0, 1000));
  expect(JSON.parse((await install()).stdout)).toMatchObject({ directory, built: true });
  expect(readFileSync(binding)).toHaveLength(intact.length);

  rmSync(join(directory, 'manifest.json'));
  expect(await gnet(['backend', 'remove', 'tensorflow'], { cwd, env })).toMatchObject({ code: 0 });
  expect(left()).toEqual([]);
  expect(dirname(directory)).toBe(builds);
});
