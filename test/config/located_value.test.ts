import { expect, it } from 'vitest';
import { plainValue } from '../../src/config/located.js';
import { locateValue } from '../../src/config/located_value.js';

const origin = { kind: 'document', name: 'plan.json' } as const;

it('keeps the value, and copies it', () => {
  const value = { a: [1, 'x', null, true, { b: -0.5 }] };
  const { root, problems } = locateValue(value, origin);
  expect(problems).toEqual([]);
  expect(root?.origin).toBe(origin);
  expect(plainValue(root!)).toEqual(value);
  expect(plainValue(root!)).not.toBe(value);
});

it.each([
  ['__proto__', JSON.parse('{"a": {"__proto__": {"x": 1}}}'), ['a'], 'the reserved __proto__'],
  ['constructor', JSON.parse('{"constructor": 1}'), [], 'the reserved constructor'],
  ['infinity', { a: Number.POSITIVE_INFINITY }, ['a'], 'number'],
  ['a function', { a: () => 1 }, ['a'], 'function'],
  ['depth', JSON.parse(`{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`), ['a', 0, 0], 'more'],
])('refuses %s', (_name, value, path, actual) => {
  const { root, problems } = locateValue(value, origin);
  expect(root).toBeNull();
  expect(problems).toMatchObject([{ path, actual, origin }]);
});
