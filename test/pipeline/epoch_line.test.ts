import { expect, test } from 'vitest';
import { type EpochResult, epochRow, epochText } from '../../src/pipeline/epoch_line.js';
import { fittingColumns, tableHeader, tableLine } from '../../src/terminal/live_table.js';

const means = { main_loss: 0, aux_loss: {}, count: 52 };
const first: EpochResult = {
  epoch: 1,
  epochs: 10,
  train: { ...means, loss: 2.33521, accuracy: 0.2598, images_per_second: 64.25 },
  split: 'test',
  result: { loss: 1.2701, accuracy: 0.395, correct: 395, count: 1000 },
  seconds: 4320,
  isBest: true,
};
const second: EpochResult = {
  ...first,
  epoch: 10,
  train: { ...means, loss: 12.5, accuracy: 1, images_per_second: 2146.4 },
  result: { loss: 0, accuracy: 0, correct: 0, count: 1000 },
  seconds: 65,
  isBest: false,
};

test('a line for logs', () => {
  expect([first, second].map(epochText)).toEqual([
    'epoch 1/10: loss 2.3352, accuracy 25.98 %; test loss 1.2701, accuracy 39.50 % (best); 64.3 images/s',
    'epoch 10/10: loss 12.5000, accuracy 100.00 %; test loss 0.0000, accuracy 0.00 %; 2146 images/s',
  ]);
});

test('the split that chooses is named', () => {
  const chosen: EpochResult = { ...first, split: 'validation' };
  expect(epochText(chosen)).toContain('; val loss 1.2701, accuracy 39.50 % (best); ');
  expect(
    epochRow(chosen)
      .columns.map(({ title }) => title)
      .slice(3, 5),
  ).toEqual(['val loss', 'val acc']);
});

test.each<[number, string[]]>([
  [
    80,
    [
      '  epoch  train loss  train acc  test loss  test acc  images/s     time',
      '      1      2.3352    25.98 %     1.2701   39.50 %      64.3  1:12:00  best',
      '     10     12.5000   100.00 %     0.0000    0.00 %      2146     1:05',
    ],
  ],
  [
    60,
    [
      '  epoch  train loss  train acc  test loss  test acc', //
      '      1      2.3352    25.98 %     1.2701   39.50 %  best',
      '     10     12.5000   100.00 %     0.0000    0.00 %',
    ],
  ],
  [
    40,
    [
      '  epoch  train loss  test acc', //
      '      1      2.3352   39.50 %  best',
      '     10     12.5000    0.00 %',
    ],
  ],
])('a table for terminals of %d columns', (columns, expected) => {
  const rows = [first, second].map(epochRow);
  const shown = fittingColumns(rows[0]!.columns, columns - 3);
  expect([tableHeader(rows[0]!.columns, shown), ...rows.map((row) => tableLine(row, shown))]).toEqual(
    expected,
  );
});
