import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';

/** As they are typed: "backend install" is src/commands/backend/install.ts. */
const commands = readdirSync('src/commands', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace('.ts', '').replace('/', ' '));
const help = (...words: string[]) => gnet([...words, '--help'], { cwd: process.cwd() });

test('gnet --help lists the commands, each with a sentence', async () => {
  const { code, stdout, stderr } = await help();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const [first] of commands.map((command) => command.split(' ')))
    expect(stdout).toMatch(new RegExp(`^ {2}${first} {2,}[A-Z]`, 'm'));
});

test.each(commands)('gnet %s --help explains every argument and flag', async (command) => {
  const { code, stdout, stderr } = await help(...command.split(' '));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`$ gnet ${command} `);
  expect(stdout).toContain('EXAMPLES\n');
  const [, listed] = /ARGUMENTS\n(.*)\nDESCRIPTION/s.exec(stdout) ?? [];
  const items = listed!.split('\n').filter((line) => /^ {2}(--|\[?[A-Z])/.test(line));
  expect(items.length).toBeGreaterThanOrEqual(2);
  for (const item of items) expect(item).toMatch(/^ {2}\S+ {2,}\S/);
  expect(stdout).not.toContain('[default: ]');
});
