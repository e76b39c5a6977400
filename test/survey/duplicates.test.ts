import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { findDuplicates } from '../../src/survey/duplicates.js';

/** Images by their contents: five of training, two of validation, two of test. */
function found(contents: string, labels: readonly number[], unreadable: readonly number[] = []) {
  const digests = Buffer.concat([...contents].map((each) => createHash('sha256').update(each).digest()));
  const readable = Uint8Array.from(contents, (_, index) => Number(!unreadable.includes(index)));
  const ends = { train: 5, validation: 7, test: 9 };
  const images = {
    count: contents.length,
    labels: Int32Array.from(labels),
    ends,
    nameOf: (index: number) => `${index}`,
  };
  return findDuplicates(images, digests, readable);
}

test('groups within a split, across splits and of different classes', () => {
  const { within_splits, across_splits, different_classes } = found('abaccdcef', [0, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(within_splits).toEqual({
    groups: 1,
    images: 2,
    shown: [{ count: 2, images: ['0 (train)', '2 (train)'] }],
  });
  expect(across_splits).toEqual({
    groups: 1,
    images: 3,
    shown: [{ count: 3, images: ['3 (train)', '4 (train)', '6 (validation)'] }],
  });
  expect(different_classes.shown.map(({ images }) => images[0])).toEqual(['0 (train)']);
});

test('what cannot be read is no duplicate', () => {
  expect(found('aabbcdefg', Array(9).fill(0), [1, 2]).within_splits.groups).toBe(0);
});
