import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { gnet, startGnet } from '../helpers/gnet.js';
import { killAndWait } from '../helpers/other_process.js';
import { readJson } from '../helpers/run_results.js';
import { tinyConfig } from '../helpers/tiny_config.js';
import { waitUntil } from '../helpers/wait_until.js';

const cwd = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
writeFileSync(join(cwd, 'tiny.yaml'), tinyConfig());

const run = (...args: string[]) => gnet(['run', ...args], { cwd });

test('a run that names no directory, resumed: the newest of its name', async () => {
  const args = ['run', '--set', 'training.epochs=1', 'tiny.yaml', '--threads', '1']; // CONFIG after --set
  const killed = await gnet(args, { cwd, strike: 'SIGKILL rename last 1' });
  expect(killed.signal).toBe('SIGKILL');
  const [name, ...others] = readdirSync(join(cwd, 'runs'));
  expect(others).toEqual([]);
  expect(name).toMatch(/^tiny-\d{8}T\d{6}Z$/);

  const { code, stdout, stderr } = await gnet([...args, '--resume', '--json'], { cwd });
  expect(code).toBe(0);
  const summary: unknown = JSON.parse(stdout);
  expect(summary).toEqual(readJson(join(cwd, 'runs', name!, 'summary.json')));
  expect(summary).toMatchObject({ run_directory: `runs/${name}`, epochs: 1, steps: 7 });
  expect(stderr).toContain(`runs/${name}, resumed at step 3`);
  expect(stderr).toMatch(/epoch 1\/1: loss \d\.\d{4}/);

  const again = await gnet([...args, '--resume'], { cwd });
  expect(again).toMatchObject({ code: 0, stdout: '' });
  expect(again.stderr).toContain(`runs/${name}: the run has finished all its epochs, nothing is left to do`);
  expect(again.stderr).toMatch(
    new RegExp(
      `\n\nBest epoch +1 of 1, by test accuracy\n(.+\n)+Run directory +runs/${name}\n(.+\n)*TensorBoard +tensorboard --logdir runs\n$`,
    ),
  );
});

test('--resume tells of newer runs that have no checkpoint, and starts one again where no run has one', async () => {
  const args = ['tiny.yaml', '--set', 'name=other', '--set', 'training.epochs=1', '--resume'];
  const plan = readFileSync(join(cwd, 'runs', readdirSync(join(cwd, 'runs'))[0]!, 'plan.json'), 'utf8');
  const unsaved = (time: string) => {
    const directory = `runs/other-${time}`;
    mkdirSync(join(cwd, directory));
    writeFileSync(join(cwd, directory, 'plan.json'), plan.replace('"name": "tiny"', '"name": "other"'));
    return directory;
  };
  const first = unsaved('20240101T000000Z');
  const started = await run(...args);
  expect(started.code).toBe(0);
  expect(started.stderr).toContain(`${first}, which has no checkpoint yet: starting again at step 0\n`);
  const second = unsaved('20240102T000000Z');
  const finished = await run(...args);
  expect(finished.stderr).toContain(
    `${first}: the run has finished all its epochs, nothing is left to do (newer, but without a checkpoint: ${second}; --run-dir takes one all the same)`,
  );
});

test('a second process on one directory is refused; the first can be stopped', async () => {
  const args = [
    'run',
    'tiny.yaml',
    '--set',
    'training.epochs=100000',
    '--threads',
    '1',
    '--run-dir',
    'shared',
  ];
  const { child, ended } = startGnet([...args, '--json'], { cwd });
  try {
    const metrics = join(cwd, 'shared/metrics.jsonl');
    await waitUntil('the first step', () => existsSync(metrics) && readFileSync(metrics).length > 0);
    const second = await gnet([...args, '--resume'], { cwd });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(`the run directory is in use: process ${child.pid} trains there`);
    expect(second.stderr).not.toContain('    at ');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    const message = expect.stringMatching(
      /^interrupted; resume with:\n {2}node .* --run-dir shared --resume/,
    );
    expect(JSON.parse(stdout)).toEqual({ error: { message } });
    expect(stderr).toContain('interrupted; resume with:\n');
  } finally {
    await killAndWait(child);
  }
});

test('training that diverges', async () => {
  const sets = ['optimizer.learning_rate=1e30', 'checkpoint.every_steps=1'].flatMap((set) => ['--set', set]);
  const { code, stdout, stderr } = await run('tiny.yaml', ...sets, '--run-dir', 'diverged', '--json');
  expect(code).toBe(1);
  const message = expect.stringMatching(
    /^training diverged at step 2 with learning rate 5e\+29: the loss is \S+\. The last good checkpoint is diverged\/checkpoints\/last \(step 1\)\.$/,
  );
  expect(JSON.parse(stdout)).toEqual({ error: { message, hint: expect.any(String) } });
  expect(stderr).toContain('training diverged at step 2');
  expect(stderr).not.toContain('    at ');
  expect(readJson(join(cwd, 'diverged/checkpoints/last/state.json'))).toMatchObject({ step: 1 });
});

test.each([
  [
    ['tiny.yaml', '--backend', 'nonsense'],
    /^--backend nonsense: expected one of auto, .*onnxruntime-cpu.*wasm/,
  ],
  [['tiny.yaml', '--set', 'backend=nonsense'], /^--set backend=nonsense: expected one of auto, /],
  [
    ['tiny.yaml', '--nonsense'],
    /^--nonsense: expected a flag of gnet run\ngnet run --help lists arguments and flags\.\n$/,
  ],
  [['tiny.yaml', 'other.yaml'], /^gnet run: expected no further argument, got other\.yaml\n/],
  [['tiny.yaml', '--threads', '-1'], /^--threads: expected an integer greater than or equal to 0, got -1\n/],
  [
    ['tiny.yaml', '--threads', '9999'],
    /^--threads: expected an integer less than or equal to 512, got 9999\n/,
  ],
  [['tiny.yaml', '--set'], /^--set: expected a value, got nothing\n/],
  [[], /^CONFIG: expected YAML file of the experiment.*, got nothing\ngnet run --help lists/],
  [['nowhere.yaml'], /^nowhere\.yaml: expected a config file, got no such file\n/],
  [['tiny.yaml', '--run-dir', 'tiny.yaml'], /^--run-dir tiny\.yaml: expected a directory, got a file\n/],
])('%j: exit code 2, a message, no stack, no run', async (args, message) => {
  const before = readdirSync(cwd);
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(readdirSync(cwd)).toEqual(before);
});

test('a training outlives whoever reads its progress', async () => {
  const args = ['run', 'tiny.yaml', '--threads', '1', '--run-dir', 'unread'];
  const { child, ended } = startGnet(args, { cwd });
  ended.catch(() => {}); // it cannot be read to its end
  child.stderr.once('data', () => {
    child.stderr.destroy();
    child.stdout.destroy();
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(readJson(join(cwd, 'unread/summary.json'))).toMatchObject({ steps: 14 });
});
