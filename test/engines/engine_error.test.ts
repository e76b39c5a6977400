import { expect, test } from 'vitest';
import { EngineError, fromEngine } from '../../src/engines/engine_error.js';

const lost = new Error('Device lost');

test('what works comes through', async () => {
  expect(fromEngine(() => 3)).toBe(3);
  expect(await fromEngine(async () => 4)).toBe(4);
});

test.each([
  [
    'at once',
    () => {
      throw lost;
    },
  ],
  ['later', () => Promise.reject(lost)],
  ['through another call', () => fromEngine(() => Promise.reject(lost))],
])('what fails %s is an EngineError', async (_, call) => {
  const error = await Promise.resolve()
    .then(() => fromEngine<unknown>(call))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({ message: 'Device lost', cause: lost });
});

test('a library may throw anything', () => {
  expect(new EngineError(12)).toMatchObject({ message: '12', cause: 12 });
});
