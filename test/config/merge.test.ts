import { expect, it } from 'vitest';
import { formatOrigin, type LocatedMap, Origins, plainValue } from '../../src/config/located.js';
import { mergeMaps } from '../../src/config/merge.js';
import { placesIn } from '../../src/config/yaml_text.js';
import { parseYaml } from '../../src/config/yaml_tree.js';

const map = (file: string, text: string) => parseYaml(text, placesIn(file, text)).root as LocatedMap;

it.each([
  ['maps, key by key', '{a: {x: 1, y: 2}}', '{a: {y: 3, z: 4}}', { a: { x: 1, y: 3, z: 4 } }],
  ['lists are replaced', '{a: [1, 2]}', '{a: [3]}', { a: [3] }],
  ['null is a value', '{a: {x: 1}, b: 2}', '{a: null, b: ~}', { a: null, b: null }],
  ['a map over a scalar', '{a: null}', '{a: {x: 1}}', { a: { x: 1 } }],
  [
    'same type',
    '{o: {type: adam, beta1: 0.8}}',
    '{o: {type: adam, beta2: 0.9}}',
    { o: { type: 'adam', beta1: 0.8, beta2: 0.9 } },
  ],
  ['no type', '{o: {type: adam, beta1: 0.8}}', '{o: {beta1: 0.7}}', { o: { type: 'adam', beta1: 0.7 } }],
  [
    'another type',
    '{o: {type: adam, beta1: 0.8}}',
    '{o: {type: sgd, momentum: 0.9}}',
    { o: { type: 'sgd', momentum: 0.9 } },
  ],
  ['a type of the wrong kind', '{o: {type: adam, x: 1}}', '{o: {type: [adam]}}', { o: { type: ['adam'] } }],
  ['key order of the base', '{b: 1, a: 1}', '{c: 2, a: 2}', { b: 1, a: 2, c: 2 }],
])('%s', (_name, base, over, merged) => {
  const result = plainValue(mergeMaps(map('base', base), map('over', over)));
  expect(result).toEqual(merged);
  expect(Object.keys(result as object)).toEqual(Object.keys(merged));
});

it('keeps the place of each value, and leaves both sides as they were', () => {
  const [base, over] = [map('base', 'a: {x: 1, y: 2}'), map('over', '# c\na: {y: 3}')];
  const origins = new Origins(mergeMaps(base, over));
  expect(formatOrigin(origins.of(['a', 'x']))).toBe('base:1:8');
  expect(formatOrigin(origins.of(['a', 'y']))).toBe('over:2:8');
  expect(formatOrigin(origins.of(['a']))).toBe('over:2:4');
  expect([plainValue(base), plainValue(over)]).toEqual([{ a: { x: 1, y: 2 } }, { a: { y: 3 } }]);
});
