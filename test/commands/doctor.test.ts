import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { DoctorReport } from '../../src/backends/doctor/doctor.js';
import { backendNames } from '../../src/registry/backends.js';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'tiny.yaml'), tinyConfig());
  writeFileSync(join(cwd, 'bad.yaml'), tinyConfig({ seed: -1 }));
});

test('a table on stdout, progress on stderr', async () => {
  const { code, stdout, stderr } = await gnet(['doctor'], { cwd });
  // A GPU whose package is broken is no fault of this test.
  expect(code).toBe(/^\S+ is usable$/m.test(stdout) ? 0 : 1);
  expect(stderr).toMatch(/Backends: \d of \d usable/);
  for (const name of backendNames)
    expect(stdout).toMatch(new RegExp(`^${name}( \\(auto\\))? +(yes|no)`, 'm'));
  expect(stdout).toMatch(/^\S+ (is usable|cannot run here: see above)\n$/m);
});

test('--json with a config: one document', async () => {
  const { code, stdout } = await gnet(['doctor', 'tiny.yaml', '--json'], { cwd });
  const report = JSON.parse(stdout) as DoctorReport;
  expect({ code, ok: report.ok }).toEqual({ code: 0, ok: true });
  expect(report.config).toEqual({ file: 'tiny.yaml', backend: 'onnxruntime-cpu', reason: 'as configured' });
  expect(report.backends.map(({ name }) => name)).toEqual(backendNames);
  expect(report.backends.find(({ name }) => name === 'onnxruntime-cpu')).toMatchObject({
    usable: true,
    problem: null,
    kernels: { missing: [], problem: null },
  });
});

test('exit code 1 where what the config takes cannot be used', async () => {
  const { code, stdout } = await gnet(['doctor', 'tiny.yaml', '--json', '--set', 'backend=tensorflow-gpu'], {
    cwd,
  });
  const report = JSON.parse(stdout) as DoctorReport;
  const { usable } = report.backends.find(({ name }) => name === 'tensorflow-gpu')!;
  expect({ code, ok: report.ok }).toEqual({ code: usable ? 0 : 1, ok: usable });
});

test('a wrong config: its mistakes, exit code 2, nothing tried', async () => {
  const { code, stdout, stderr } = await gnet(['doctor', 'bad.yaml'], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^bad\.yaml:3:11 seed: expected an integer .*, got -1\n1 problem in the config\n$/);
});

test('--set without a config: exit code 2', async () => {
  const { code, stdout, stderr } = await gnet(['doctor', '--set', 'seed=1'], { cwd });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe('--set: expected a CONFIG whose keys it sets\ngnet doctor CONFIG --set …\n');
});
