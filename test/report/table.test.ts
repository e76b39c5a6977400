import { expect, test } from 'vitest';
import { table } from '../../src/report/table.js';

test('heads name rows and columns', () => {
  const columns = [
    { title: 'class', cell: ({ name }: { name: string }) => name },
    { title: 'images', numeric: true, cell: ({ name }: { name: string }) => name.length },
  ];
  const { text } = table('a & b', columns, [{ name: '<i>' }], { name: 'all' });
  expect(text.replace(/\n/g, '')).toBe(
    '<div class="scroll" tabindex="0"><table><caption>a &amp; b</caption>' +
      '<thead><tr><th scope="col" class="words">class</th><th scope="col" class="number">images</th></tr></thead>' +
      '<tbody><tr><th scope="row">&lt;i&gt;</th><td class="number">3</td></tr>' +
      '<tr class="total"><th scope="row">all</th><td class="number">3</td></tr></tbody></table></div>',
  );
});
