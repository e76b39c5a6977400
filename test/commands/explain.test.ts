import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const CONFIG = resolve('configs/quickstart.yaml');
const explain = (...args: string[]) => gnet(['explain', CONFIG, ...args], { cwd: temporaryDirectory() });

test('text on stdout', async () => {
  const { code, stdout, stderr } = await explain('optimizer.learning_rate');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`optimizer.learning_rate: 0.003\n\n  set by    ${CONFIG}:48:40\n`);
});

test('--json: one document', async () => {
  const { code, stdout, stderr } = await explain('seed', '--set', 'seed=3', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    key: 'seed',
    value: 3,
    origin: '--set seed=3',
    replaced: [],
    settings: [],
    description: expect.stringContaining('randomness'),
    accepts: 'an integer from 0 to 4294967295',
    default: 0,
  });
});

test.each([
  [['optimizer.learning_rte'], /did you mean optimizer\.learning_rate\?\n$/],
  [['seed', '--set', 'sed=1'], /^--set sed=1: expected one of the keys /],
])('%j: exit code 2', async (args, message) => {
  const { code, stdout, stderr } = await explain(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  const { stdout: json } = await explain(...args, '--json');
  expect(JSON.parse(json)).toMatchObject({ error: { message: expect.any(String) } });
});
