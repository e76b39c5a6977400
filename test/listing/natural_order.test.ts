import { expect, it } from 'vitest';
import { naturalOrder } from '../../src/listing/natural_order.js';

it('counts as people do, whatever the order before', () => {
  const names = ['1', '02', '2', '10', '100000000000000000000001', 'A', 'a', 'a1b', 'a2', 'a10', 'B', 'é'];
  for (const before of [names.toReversed(), names.toSorted()]) {
    expect(before.toSorted(naturalOrder)).toEqual(names);
  }
});
