import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { threadCount } from '../../src/backends/threads.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

/** A system whose processors share cores as `siblings` says. */
function system(allowed: string, siblings: readonly string[]): string {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'proc/self'), { recursive: true });
  writeFileSync(
    join(root, 'proc/self/status'),
    `Name:\tnode\nCpus_allowed_list:\t${allowed}\nThreads:\t11\n`,
  );
  for (const [cpu, list] of siblings.entries()) {
    const topology = join(root, `sys/devices/system/cpu/cpu${cpu}/topology`);
    mkdirSync(topology, { recursive: true });
    writeFileSync(join(topology, 'thread_siblings_list'), `${list}\n`);
  }
  return root;
}

const PAIRS = ['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7'];

test.each([
  ['four cores of two threads', '0-7', PAIRS, 8, 4],
  ['no hyper-threading', '0-3', ['0', '1', '2', '3'], 4, 4],
  ['bound to one core', '1,5', PAIRS, 2, 1],
  ['bound to threads of different cores', '0-1,6', PAIRS, 3, 3],
  ['a container that may use less than the cores it sees', '0-7', PAIRS, 2, 2],
  ['a system that does not tell', '0-7', [], 6, 6],
  ['a list that is no list', 'all of them', PAIRS, 6, 6],
])('%s', (_, allowed, siblings, available, expected) => {
  expect(threadCount(0, available, system(allowed, siblings))).toBe(expected);
});

test('what the user asks for', () => {
  expect(threadCount(3, 8, system('0-7', PAIRS))).toBe(3);
});

test('this machine', () => {
  expect(threadCount(0)).toBeGreaterThan(0);
});
