import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/config/canonical.js';

test('the order of keys does not matter, that of lists does', () => {
  expect(canonicalJson({ b: [{ y: 1, x: null }], a: 'text' })).toBe('{"a":"text","b":[{"x":null,"y":1}]}');
  expect(canonicalJson({ a: { d: 1, c: 2 } })).toBe(canonicalJson({ a: { c: 2, d: 1 } }));
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});
