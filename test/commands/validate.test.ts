import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { BIN, gnet, shell } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'good.yaml'), tinyConfig());
  writeFileSync(join(cwd, 'bad.yaml'), `${tinyConfig({ seed: -1 }).replace('"epochs"', '"epoch"')}\n`);
});

test('good configs: a line each, exit code 0', async () => {
  const { code, stdout, stderr } = await gnet(['validate', 'good.yaml', 'good.yaml'], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^(good\.yaml: valid \([\d,]+ parameters, 14 steps\)\n){2}$/);
});

test('mistakes: all of them with their places, exit code 2, whatever the order', async () => {
  const { code, stdout, stderr } = await gnet(['validate', 'bad.yaml', 'good.yaml'], { cwd });
  expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
  expect(stdout).toMatch(/^bad\.yaml:3:11 seed: expected an integer from 0 to 4294967295, got -1$/m);
  expect(stdout).toMatch(/^bad\.yaml:\d+:\d+ training\.epoch: expected .*; did you mean epochs\?$/m);
  expect(stdout).toMatch(/^2 problems in the config$/m);
  expect(stdout).toMatch(/^good\.yaml: valid/m);
});

test('--json: one document', async () => {
  const { code, stdout, stderr } = await gnet(['validate', 'good.yaml', 'bad.yaml', '--json'], { cwd });
  expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
  const report = JSON.parse(stdout) as { mistakes: number; files: object[] };
  expect(report.mistakes).toBe(2);
  expect(report.files).toEqual([
    { file: 'good.yaml', problems: [], text: expect.stringContaining('valid') },
    {
      file: 'bad.yaml',
      problems: expect.arrayContaining([
        {
          location: 'bad.yaml:3:11',
          path: 'seed',
          expected: 'an integer from 0 to 4294967295',
          actual: '-1',
        },
      ]),
      text: expect.stringContaining('2 problems'),
    },
  ]);
});

test('a config from a pipe', async () => {
  const { code, stdout } = await shell(
    `cat good.yaml | "${process.execPath}" "${BIN}" validate /dev/stdin`,
    cwd,
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\/dev\/stdin: valid /);
});

test('no config: exit code 2', async () => {
  const { code, stderr } = await gnet(['validate'], { cwd });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^CONFIG: expected YAML files .*, got nothing\n/);
});
