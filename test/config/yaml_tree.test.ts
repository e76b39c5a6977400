import { describe, expect, it } from 'vitest';
import { formatOrigin, Origins, plainValue } from '../../src/config/located.js';
import { placesIn } from '../../src/config/yaml_text.js';
import { parseYaml } from '../../src/config/yaml_tree.js';

const parse = (text: string) => parseYaml(text, placesIn('f', text));

function read(text: string) {
  const { root, problems } = parse(text);
  return {
    value: root && plainValue(root),
    problems: problems.map((p) => `${formatOrigin(p.origin)} expected ${p.expected}, got ${p.actual}`),
  };
}

describe('values', () => {
  it.each([
    [
      'scalars',
      'a: 1\nb: 1e-3\nc: "1"\nd: true\ne: yes\nf: ~\ng: 0x1F',
      { a: 1, b: 1e-3, c: '1', d: true, e: 'yes', f: null, g: 31 },
    ],
    ['nothing', '', null],
    ['a key without a value', '{a, b: }', { a: null, b: null }],
    ['an alias', 'a: &x {k: [1]}\nb: *x', { a: { k: [1] }, b: { k: [1] } }],
    ['an anchor that moves', 'a: &x 1\nb: *x\nc: &x 2\nd: *x', { a: 1, b: 1, c: 2, d: 2 }],
    ['a merge key', 'a: &x {k: 1, l: 2}\nb: {l: 3, <<: *x}', { a: { k: 1, l: 2 }, b: { l: 3, k: 1 } }],
    [
      'merge keys of merge keys',
      'a: &x {k: 1}\nb: &y {<<: *x, l: 2}\nc: {<<: *y}',
      { a: { k: 1 }, b: { l: 2, k: 1 }, c: { l: 2, k: 1 } },
    ],
    ['a list after a merge key', 'b: {<<: [{k: 1}, {k: 2, l: 3}]}', { b: { k: 1, l: 3 } }],
    ['a quoted <<', '{"<<": 1}', { '<<': 1 }],
    ['explicit core tags', 'a: !!str 5\nb: !!float 3.5', { a: '5', b: 3.5 }],
  ])('%s', (_name, text, value) => expect(read(text)).toEqual({ value, problems: [] }));
});

describe('what a config has no use for', () => {
  it.each([
    ['duplicate key', 'a: 1\nb: 2\na: 3', { a: 1, b: 2 }, 'f:3:1 expected each key once, got a second a'],
    [
      'duplicate key in a flow map',
      'x: {a: 1, a: 1}',
      { x: { a: 1 } },
      'f:1:11 expected each key once, got a second a',
    ],
    [
      '__proto__',
      'a: {__proto__: {x: 1}}',
      { a: {} },
      'f:1:5 expected a key of the config, got the reserved __proto__',
    ],
    [
      'quoted __proto__',
      '"__proto__": 1',
      {},
      'f:1:1 expected a key of the config, got the reserved __proto__',
    ],
    ['constructor', 'constructor: 1', {}, 'f:1:1 expected a key of the config, got the reserved constructor'],
    ['prototype', 'prototype: 1', {}, 'f:1:1 expected a key of the config, got the reserved prototype'],
    [
      '__proto__ in a merged map',
      'a: {<<: {__proto__: 1}}',
      { a: {} },
      'f:1:10 expected a key of the config, got the reserved __proto__',
    ],
    ['number as key', 'a: {1: x}', { a: {} }, 'f:1:5 expected a key that is text, got 1'],
    ['null as key', '? \n: x', {}, 'f:1:3 expected a key that is text, got null'],
    ['list as key', '? [a]\n: x', {}, 'f:1:3 expected a key that is text, got a map or a list'],
    ['alias as key', 'a: &x k\n*x : 1', { a: 'k' }, 'f:2:1 expected a key that is text, got an alias'],
    ['infinity', 'a: .inf', { a: null }, 'f:1:4 expected a finite number, got Infinity'],
    ['not a number', 'a: .nan', { a: null }, 'f:1:4 expected a finite number, got NaN'],
    ['overflow', 'a: -1e999', { a: null }, 'f:1:4 expected a finite number, got -Infinity'],
    ['merged scalar', 'a: {<<: 3}', { a: {} }, 'f:1:9 expected a map, or a list of maps, after <<, got 3'],
    ['unknown anchor', 'a: *nope', null, 'f:1:4 expected an anchor &nope before the alias, got none'],
    [
      'alias before its anchor',
      'a: *x\nb: &x 1',
      null,
      'f:1:4 expected an anchor &x before the alias, got none',
    ],
    [
      'alias inside its anchor',
      'a: &x [*x]',
      null,
      'f:1:8 expected at most 40 levels of maps and lists, got more (or an alias inside its own anchor)',
    ],
  ])('%s', (_name, text, value, problem) => expect(read(text)).toEqual({ value, problems: [problem] }));

  it('leaves no prototype changed', () => {
    read('a: &x {__proto__: {polluted: 1}}\nb: {<<: *x}\n__proto__: {polluted: 1}');
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    [
      'lists',
      10,
      (i: number) =>
        `l${i}: &l${i} [${Array(10)
          .fill(`*l${i - 1}`)
          .join(', ')}]`,
      'l0: &l0 [x]',
    ],
    [
      'merge keys',
      10,
      (i: number) =>
        `l${i}: &l${i} {${Array.from({ length: 10 }, (_, k) => `k${k}: *l${i - 1}`).join(', ')}}`,
      'l0: &l0 {x: 1}',
    ],
  ])('an alias bomb of %s is not expanded', (_name, levels, line, first) => {
    const text = [first, ...Array.from({ length: levels }, (_, i) => line(i + 1))].join('\n');
    const { value, problems } = read(text);
    expect(value).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/expected at most 50000 values after aliases are put in place, got more$/);
  });
});

it('knows the place of each key and value, through aliases and merge keys', () => {
  const text = 'base: &b\n  k: 1\r\nmap:\n  <<: *b\n  "é": [x, yy]\nalias: *b\n';
  const { root } = parse(text);
  const origins = new Origins(root!);
  const place = (path: (string | number)[], at?: 'key' | 'value') =>
    formatOrigin(origins.nearest(path, at).origin);
  expect(place(['base', 'k'])).toBe('f:2:6');
  expect(place(['base', 'k'], 'key')).toBe('f:2:3');
  expect(place(['map', 'k'])).toBe('f:2:6');
  expect(place(['map', 'é', 1])).toBe('f:5:12');
  expect(place(['alias', 'k'])).toBe('f:2:6');
});
