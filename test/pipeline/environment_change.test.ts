import { expect, test } from 'vitest';
import type { Environment } from '../../src/pipeline/environment.js';
import { environmentChange } from '../../src/pipeline/environment_change.js';

const NOW = { backend: 'wasm', threads: 2, cpu: 'a' } as Environment;
const end = ': results will differ in their last bits from those of an uninterrupted run';

test.each<[string, unknown, string | null]>([
  ['the same', { backend: 'wasm', threads: 2, cpu: 'b' }, null],
  ['other threads', { backend: 'wasm', threads: 4 }, `resumed with threads 2, before it was 4${end}`],
  [
    'another backend, too',
    { backend: 'cpu', threads: 4 },
    `resumed with backend "wasm", before it was "cpu"; threads 2, before it was 4${end}`,
  ],
  [
    'a file that someone edited',
    { backend: ['\u001b[31m'] },
    `resumed with backend "wasm", before it was a list of 1${end}`,
  ],
  ['nothing known', {}, null],
  ['no file', undefined, null],
  ['no map', 'wasm', null],
])('%s', (_, before, expected) => {
  expect(environmentChange(before, NOW)).toBe(expected);
});
