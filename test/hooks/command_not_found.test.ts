import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';

test.each([
  ['validat', 'did you mean validate?'],
  ['frobnicate', undefined],
])('%s: the commands that there are, exit code 2', async (command, suggestion) => {
  const { code, stdout, stderr } = await gnet([command, 'a.yaml'], { cwd: process.cwd() });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  const text = stderr.replace(/\s+(›\s+)?/g, ' '); // oclif wraps
  expect(text).toMatch(new RegExp(`Error: ${command}: expected a command \\(.*describe, .*run.* or \\w+\\)`));
  expect(text.includes('did you mean')).toBe(suggestion !== undefined);
  if (suggestion) expect(text).toContain(suggestion);
  expect(stderr).not.toMatch(/^ {4}at /m);
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
