import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { resumeCommand } from '../../src/pipeline/resume_command.js';

const [node, script] = process.argv as [string, string];
beforeEach(() => vi.stubEnv('npm_command', undefined));
afterEach(() => {
  vi.unstubAllEnvs();
  process.argv[1] = script;
});

const plain = { config: 'a.yaml', sets: [], threads: 0 };

test.each([
  ['gnet', '/usr/bin/gnet', undefined],
  ['gnet', '/usr/bin/gnet', 'run-script'],
  ['npx gnet', '/app/node_modules/.bin/gnet', 'exec'],
  ['node bin/run.js', join(process.cwd(), 'bin/run.js'), undefined],
])('begins with %s, as it was called', (program, path, npm) => {
  process.argv[1] = path;
  vi.stubEnv('npm_command', npm);
  expect(resumeCommand(plain, 'runs/a')).toBe(`${program} run a.yaml --run-dir runs/a --resume`);
});

test('survives a shell, whatever its words are', () => {
  const config = "it's a config.yaml";
  const sets = [
    'dataset.limit={train: 5, test: "6"}',
    'name=$HOME`id`\\',
    'augmentation+={type: random_flip}',
    '',
  ];
  const command = resumeCommand({ config, sets, threads: 2 }, 'runs/one & two');
  // A stand-in for the program shows the words that the shell gives it.
  const line = command.replace(/^\S+/, `'${node}' -p 'JSON.stringify(process.argv.slice(1))' --`);
  expect(JSON.parse(execFileSync('sh', ['-c', line], { encoding: 'utf8' }))).toEqual([
    ...['run', config, ...sets.flatMap((set) => ['--set', set])],
    ...['--run-dir', 'runs/one & two', '--resume', '--threads', '2'],
  ]);
});
