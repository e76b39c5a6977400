import { expect, it } from 'vitest';
import { formatOrigin, type LocatedMap, type Origin, Origins, plainValue } from '../../src/config/located.js';

const at = (line: number, column = 1): Origin => ({ kind: 'file', file: 'f', line, column });
const set: Origin = { kind: 'set', text: 'a.l=[1]' };
const tree: LocatedMap = {
  kind: 'map',
  origin: at(1),
  entries: new Map([
    [
      'a',
      {
        keyOrigin: at(1),
        value: {
          kind: 'map',
          origin: at(2, 3),
          entries: new Map([
            ['x', { keyOrigin: at(2, 3), value: { kind: 'scalar', origin: at(2, 6), value: null } }],
            [
              'l',
              {
                keyOrigin: set,
                value: { kind: 'list', origin: set, items: [{ kind: 'scalar', origin: set, value: 1 }] },
              },
            ],
          ]),
        },
      },
    ],
  ]),
};
const origins = new Origins(tree);

it('gives plain values, fresh each time', () => {
  expect(plainValue(tree)).toEqual({ a: { x: null, l: [1] } });
  expect(plainValue(tree)).not.toBe(plainValue(tree));
});

it.each([
  [[], 'f:1:1'],
  [['a', 'x'], 'f:2:6'],
  [['a', 'l', 0], '--set a.l=[1]'],
  [['a', 'l', 1], 'default'],
  [['a', 'y'], 'default'],
  [['a', 'x', 'deeper'], 'default'],
])('what gave %j is %s', (path, text) => expect(formatOrigin(origins.of(path))).toBe(text));

it.each([
  [['a', 'x'], 'value', 'f:2:6'],
  [['a', 'x'], 'key', 'f:2:3'],
  [['a', 'y', 'z'], 'value', 'f:2:3'],
  [['a', 'y'], 'key', 'f:2:3'],
  [['a', 'l', 7], 'value', '--set a.l=[1]'],
  [['b'], 'value', 'f:1:1'],
] as const)('a mistake at %j (%s) is shown at %s', (path, where, text) =>
  expect(formatOrigin(origins.nearest(path, where).origin)).toBe(text),
);

it('names documents', () => expect(formatOrigin({ kind: 'document', name: 'plan.json' })).toBe('plan.json'));
