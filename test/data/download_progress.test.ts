import { expect, test } from 'vitest';
import { downloadProgress } from '../../src/data/download_progress.js';
import { progressText } from '../../src/terminal/progress_line.js';

const shown: string[] = [];
const { onProgress, log } = downloadProgress({
  progress: (progress) => shown.push(`${progress.share}: ${progressText(progress)}`),
  line: (text) => shown.push(`line: ${text}`),
});

test.each([
  [
    { received: 34_100_000, total: 170_500_000, bytesPerSecond: 12e6 },
    '0.2: 34.1 MB of 170.5 MB, 12.0 MB/s, 11 s left',
  ],
  [{ received: 500, total: 1000, bytesPerSecond: 0 }, '0.5: 0.5 kB of 1.0 kB, 0.0 kB/s'],
  [{ received: 2_000_000, total: undefined, bytesPerSecond: 5e5 }, 'null: 2.0 MB, 500.0 kB/s'],
])('%j', (progress, expected) => {
  onProgress!(progress);
  expect(shown.pop()).toBe(expected);
});

test('what is logged stays', () => {
  log!('the connection broke, trying again');
  expect(shown).toEqual(['line: the connection broke, trying again']);
});
