import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildName } from '../../src/backends/tensorflow_build.js';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

describe('gnet backend remove', () => {
  it('removes the builds of the backend that is named, and says so', async () => {
    const cwd = temporaryDirectory();
    const at = (name: 'tensorflow' | 'tensorflow-gpu') =>
      join(cwd, 'gnet/backends', buildName(name, '2.21.0'));
    for (const name of ['tensorflow', 'tensorflow-gpu'] as const) mkdirSync(at(name), { recursive: true });
    const options = { cwd, env: { XDG_CACHE_HOME: cwd } };
    expect(await gnet(['backend', 'remove', 'tensorflow'], options)).toMatchObject({
      code: 0,
      stdout: `removed ${at('tensorflow')}\n`,
    });
    expect([existsSync(at('tensorflow')), existsSync(at('tensorflow-gpu'))]).toEqual([false, true]);
    const { stdout } = await gnet(['backend', 'remove', 'tensorflow', '--gpu', '--json'], options);
    expect(JSON.parse(stdout)).toEqual({
      backend: 'tensorflow-gpu',
      directories: [at('tensorflow-gpu')],
      bytes: 0,
    });
    expect(await gnet(['backend', 'remove', 'tensorflow'], options)).toMatchObject({
      code: 0,
      stdout: 'tensorflow: there is no build of it\n',
    });
  });
});

describe('a wrong command line', () => {
  it.each([
    [['install'], /^BACKEND: expected .*, got nothing\n/],
    [['install', 'wasm'], /^wasm: expected one of onednn, tensorflow\n/],
    [['remove', 'onnxruntime-cpu'], /^onnxruntime-cpu: expected one of onednn, tensorflow\n/],
    [['install', 'onednn', '--gpu'], /--gpu and --wheel are for the backend tensorflow, got onednn/],
    [['remove', 'onednn', '--gpu'], /--gpu is for the backend tensorflow, got onednn/],
  ])('%j: exit code 2', async (args, message) => {
    const cwd = temporaryDirectory();
    const { code, stderr } = await gnet(['backend', ...args], { cwd, env: { XDG_CACHE_HOME: cwd } });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
