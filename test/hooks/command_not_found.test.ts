import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';

test.each([
  ['validat', '; did you mean validate\\?'],
  ['frobnicate', ''],
  ['backend instal', '; did you mean backend install\\?'],
])('%s: the commands that there are, exit code 2', async (command, suggestion) => {
  const { code, stdout, stderr } = await gnet([...command.split(' '), 'a.yaml'], { cwd: process.cwd() });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(
    new RegExp(`^${command}: expected a command \\(.*describe, .*run.* or \\w+\\)${suggestion}\\n$`),
  );
});

test.each([
  [['validat', 'a.yaml', '--json'], /^validat: expected a command \(.*\); did you mean validate\?$/],
  [['--json'], /^--json: expected a command \(/],
])('%j: one JSON document', async (args, message) => {
  const { code, stdout, stderr } = await gnet(args, { cwd: process.cwd() });
  expect(code).toBe(2);
  const { error } = JSON.parse(stdout) as { error: { message: string } };
  expect(error.message).toMatch(message);
  expect(stderr).toBe(`${error.message}\n`);
});
