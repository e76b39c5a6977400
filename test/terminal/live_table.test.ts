import { expect, test } from 'vitest';
import { type Column, fittingColumns, tableHeader, tableLine } from '../../src/terminal/live_table.js';

const columns: readonly Column[] = [
  { title: 'epoch', width: 3, rank: 0 },
  { title: 'loss', width: 6, rank: 1 },
  { title: 'time', width: 4, rank: 2 },
];
const row = { columns, cells: ['7', '0.1250', '1:05'], note: 'best' };

test('header and rows stand below each other', () => {
  expect([tableHeader(columns, [0, 1, 2]), tableLine(row, [0, 1, 2])]).toEqual([
    '  epoch    loss  time', //
    '      7  0.1250  1:05  best',
  ]);
});

test('a row without a note ends with its last number', () => {
  expect(tableLine({ ...row, note: '' }, [0, 2])).toBe('      7  1:05');
});

test.each([
  [27, [0, 1, 2]],
  [26, [0, 1]],
  [21, [0, 1]],
  [20, [0]],
  [0, [0]],
])('in %d characters, columns %j fit', (room, shown) => {
  expect(fittingColumns(columns, room)).toEqual(shown);
  if (room >= 20) expect(tableLine(row, shown).length).toBeLessThanOrEqual(room);
});
