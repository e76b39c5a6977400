import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const ARTICLE = resolve('configs/googlenet-cifar10.yaml');

test('a table on stdout', async () => {
  const { code, stdout, stderr } = await gnet(['describe', ARTICLE], { cwd: temporaryDirectory() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^googlenet-cifar10\n\nlayer +type +output +parameters +MACs\n/);
  expect(stdout).toMatch(/^total +20,401,988 +\d/m);
});

test('--json: one document, of the config with its overrides', async () => {
  const args = ['describe', ARTICLE, '--json', '--set', 'input.resize=64'];
  const { code, stdout, stderr } = await gnet(args, { cwd: temporaryDirectory() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'googlenet-cifar10',
    input: [3, 64, 64],
    layers: expect.arrayContaining([
      {
        name: 'conv1',
        label: 'conv1',
        depth: 0,
        type: 'conv',
        output: [64, 30, 30],
        parameters: 9472,
        macs: 64 * 900 * 147,
      },
    ]),
  });
});

test('--format json is --json', async () => {
  const [flag, format] = await Promise.all(
    [['--json'], ['--format', 'json']].map((words) =>
      gnet(['describe', ARTICLE, ...words], { cwd: temporaryDirectory() }),
    ),
  );
  expect(format).toEqual(flag);
  const wrong = await gnet(['describe', 'nowhere.yaml', '--format=json'], { cwd: temporaryDirectory() });
  expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { problems: [{ actual: 'no such file' }] } });
});

test('--format mermaid: a flowchart alone on stdout; not together with --json', async () => {
  const args = ['describe', ARTICLE, '--format', 'mermaid'];
  const { code, stdout, stderr } = await gnet(args, { cwd: temporaryDirectory() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^---\ntitle: "googlenet-cifar10"\n---\nflowchart TB\n/);
  const both = await gnet([...args, '--json'], { cwd: temporaryDirectory() });
  expect(both.code).toBe(2);
  expect(JSON.parse(both.stdout)).toMatchObject({
    error: { message: expect.stringContaining('--json cannot also be provided when using --format') },
  });
});

test('a mistake: exit code 2, its place', async () => {
  const args = ['describe', ARTICLE, '--set', 'model.layers.conv1.filtres=2', '--json'];
  const { code, stdout, stderr } = await gnet(args, { cwd: temporaryDirectory() });
  expect(code).toBe(2);
  expect(stderr).toContain('--set model.layers.conv1.filtres=2');
  expect(JSON.parse(stdout)).toMatchObject({
    error: { problems: [{ location: '--set model.layers.conv1.filtres=2', suggestion: expect.any(String) }] },
  });
});
