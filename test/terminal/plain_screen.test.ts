import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PlainScreen } from '../../src/terminal/plain_screen.js';

let stream: PassThrough;
let screen: PlainScreen;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('FORCE_COLOR', undefined);
  stream = new PassThrough();
  screen = new PlainScreen(stream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const shown = () => String(stream.read() ?? '');

test('a line for each thing that happens, without a colour', () => {
  screen.begin('Train');
  screen.line('epoch 1/2: loss 0.5');
  screen.end('done', 'Train: 2 epochs');
  screen.end('skipped', 'Evaluate: nothing to do');
  screen.end('stopped', 'Train: stopped');
  screen.end('failed', 'Train');
  expect(shown()).toBe(
    '❯ Train\n› epoch 1/2: loss 0.5\n✔ Train: 2 epochs\n↓ Evaluate: nothing to do\n◼ Train: stopped\n✖ Train\n',
  );
});

test('progress every ten seconds', () => {
  screen.begin('Train');
  shown();
  const tell = (step: number) => screen.progress({ share: 0, facts: [`step ${step}`, 'loss 1'] });
  for (let second = 1; second <= 25; second++) {
    vi.advanceTimersByTime(1000);
    tell(second);
  }
  expect(shown()).toBe('› step 10, loss 1\n› step 20, loss 1\n');
  screen.begin('Evaluate');
  tell(1);
  expect(shown()).toBe('❯ Evaluate\n');
});

test('colours where they are asked for', () => {
  vi.stubEnv('FORCE_COLOR', '1');
  screen.end('done', 'Train');
  expect(shown()).toBe('\x1b[32m✔\x1b[39m Train\n');
});
