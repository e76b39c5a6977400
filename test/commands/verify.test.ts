import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'tiny.yaml'), tinyConfig());
});

const verify = (...words: string[]) => gnet(['verify', 'tiny.yaml', '--threads', '1', ...words], { cwd });

test('two backends that agree: exit code 0', async () => {
  const { code, stdout } = await verify('--steps', '2');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^step +onnxruntime-cpu +wasm +difference\n +1 +\d/m);
  expect(stdout).toMatch(/^✔ onnxruntime-cpu and wasm agree: .*, 0\.01 is tolerated$/m);
});

test('two that do not: exit code 1, also with --json', async () => {
  expect(await verify('--tolerance', '0')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^✖ onnxruntime-cpu and wasm do not agree/m),
  });
  const { code, stdout } = await verify('--tolerance', '0', '--against', 'cpu', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    backends: ['onnxruntime-cpu', 'cpu'],
    agree: false,
    tolerance: 0,
  });
});

test.each([
  [['--against', 'gpu'], 'onnxruntime-webgpu'],
  [['--backend', 'gpu'], 'onnxruntime-webgpu'],
  [['--tolerance', 'much'], '--tolerance: expected a number from 0, got much\ngnet verify --help'],
  [['--steps', '0'], '--steps'],
])('a wrong command line: %j', async (words, text) => {
  const { code, stdout, stderr } = await verify(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(text);
});
