import { expect, test, vi } from 'vitest';
import {
  bytes,
  clock,
  counted,
  duration,
  grouped,
  imagesPerSecond,
  percent,
  probability,
  rate,
} from '../../src/terminal/format.js';

test.each([
  [percent, 0.91234, '91.23 %'],
  [percent, 0, '0.00 %'],
  [percent, 1, '100.00 %'],
  [probability, 1, '1'],
  [probability, 0.04512, '0.045'],
  [probability, 1.234e-7, '1.2e-7'],
  [duration, 0.4, '0 s'],
  [duration, 59.4, '59 s'],
  [duration, 59.6, '1 min 00 s'],
  [duration, 185, '3 min 05 s'],
  [duration, 3599.6, '1 h 00 min'],
  [duration, 7629, '2 h 07 min'],
  [duration, 100_000, '27 h 46 min'],
  [clock, 0.4, '0:00'],
  [clock, 59.6, '1:00'],
  [clock, 185, '3:05'],
  [clock, 3599.6, '1:00:00'],
  [clock, 7629, '2:07:09'],
  [imagesPerSecond, 3.06, '3.1 images/s'],
  [imagesPerSecond, 99.94, '99.9 images/s'],
  [imagesPerSecond, 1234.5, '1235 images/s'],
  [grouped, 999, '999'],
  [grouped, 20_401_988, '20,401,988'],
  [bytes, 512, '0.5 kB'],
  [bytes, 999_960, '1000.0 kB'],
  [bytes, 170_498_071, '170.5 MB'],
  [bytes, 25_276_063_744, '25.3 GB'],
])('%o of %d', (format, value, expected) => expect(format(value)).toBe(expected));

test.each([
  [0, '0 epochs'],
  [1, '1 epoch'],
  [2000, '2,000 epochs'],
])('%d: %s', (count, expected) => expect(counted(count, 'epoch')).toBe(expected));

test('rate counts from its start', () => {
  vi.spyOn(performance, 'now').mockReturnValue(3000);
  expect(rate(50, 1000)).toBe('25.0 images/s');
  vi.restoreAllMocks();
});
