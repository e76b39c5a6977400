import { expect, test } from 'vitest';
import type { Environment } from '../../src/pipeline/environment.js';
import { environmentChange } from '../../src/pipeline/environment_change.js';

const NOW = { backend: 'onnxruntime-cpu', threads: 2, cpu: 'a' } as Environment;
const end = ': results will differ in their last bits from those of an uninterrupted run';

test.each<[string, unknown, string | null]>([
  ['the same', { backend: 'onnxruntime-cpu', threads: 2, cpu: 'b' }, null],
  [
    'other threads',
    { backend: 'onnxruntime-cpu', threads: 4 },
    `resumed with threads 2, before it was 4${end}`,
  ],
  [
    'another backend, too',
    { backend: 'cpu', threads: 4 },
    `resumed with backend "onnxruntime-cpu", before it was "cpu"; threads 2, before it was 4${end}`,
  ],
  [
    'a file that someone edited',
    { backend: ['\u001b[31m'] },
    `resumed with backend "onnxruntime-cpu", before it was a list of 1${end}`,
  ],
  ['nothing known', {}, null],
  ['no file', undefined, null],
  ['no map', 'onnxruntime-cpu', null],
])('%s', (_, before, expected) => {
  expect(environmentChange(before, NOW)).toBe(expected);
});

test.each(['wasm', 'cpu'])('%s has one thread, whatever is asked for', (backend) => {
  const now = { ...NOW, backend };
  expect(environmentChange({ backend, threads: 4 }, now)).toBeNull();
  expect(environmentChange({ backend: 'onnxruntime-cpu', threads: 4 }, now)).toBe(
    `resumed with backend "${backend}", before it was "onnxruntime-cpu"${end}`,
  );
});
