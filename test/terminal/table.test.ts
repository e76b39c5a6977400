import { expect, test } from 'vitest';
import { textTable } from '../../src/terminal/table.js';

test('columns are as wide as their widest cell; numbers end at one edge, lines without blanks', () => {
  const rows = [
    ['name', 'count', 'note'],
    ['a', '7', ''],
    ['longest', '1,000', 'x'],
  ];
  expect(textTable(rows, [1])).toEqual(['name     count  note', 'a            7', 'longest  1,000  x']);
});

test('no rows, no lines', () => {
  expect(textTable([])).toEqual([]);
});
