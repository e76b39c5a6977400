import { expect, test } from 'vitest';
import { parseCsv } from '../../src/listing/csv.js';

const rows = (text: string) => {
  const parsed = parseCsv(text);
  return 'rows' in parsed ? parsed.rows.map(({ line, fields }) => [line, ...fields]) : parsed;
};

test.each<[string, string, unknown]>([
  ['nothing', '', []],
  [
    'rows of any end',
    'a,b\r\nc,d\ne,f',
    [
      [1, 'a', 'b'],
      [2, 'c', 'd'],
      [3, 'e', 'f'],
    ],
  ],
  [
    'a byte order mark, empty lines',
    '\ufeffa\n\n\nb\n',
    [
      [1, 'a'],
      [4, 'b'],
    ],
  ],
  [
    'empty fields',
    ',\na,,\n',
    [
      [1, '', ''],
      [2, 'a', '', ''],
    ],
  ],
  ['an empty field at the end', 'a,', [[1, 'a', '']]],
  [
    'quotes',
    '"a,b","say ""hi""",""\nx',
    [
      [1, 'a,b', 'say "hi"', ''],
      [2, 'x'],
    ],
  ],
  [
    'a quoted end of line',
    '"a\nb",c\nd',
    [
      [1, 'a\nb', 'c'],
      [3, 'd'],
    ],
  ],
  ['quotes inside a field', 'a "b" c,5" tall', [[1, 'a "b" c', '5" tall']]],
  ['a quote that is never closed', 'a\n"b,c\nd', { unclosed: 2 }],
])('%s', (_, text, expected) => expect(rows(text)).toEqual(expected));
