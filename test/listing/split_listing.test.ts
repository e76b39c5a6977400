import { describe, expect, it } from 'vitest';
import type { ImageFiles, Listing } from '../../src/listing/listing.js';
import { splitListing } from '../../src/listing/split_listing.js';

const OPTIONS = { limit: { train: null, test: null }, validation: null, test: null } as const;

/** 60 images of class 0, 30 of class 1, 10 of class 2; three in a row are of one group. */
function files(groups: boolean, order = Array.from({ length: 100 }, (_, i) => i)): ImageFiles {
  return {
    paths: order.map((i) => `${i}.png`),
    labels: Int32Array.from(order, (i) => (i < 60 ? 0 : i < 90 ? 1 : 2)),
    groups: groups ? order.map((i) => `g${Math.floor(i / 3)}`) : null,
  };
}

const listingOf = (train: ImageFiles): Listing => ({
  classes: ['a', 'b', 'c'],
  train,
  validation: null,
  test: null,
});
const perClass = ({ labels }: ImageFiles) =>
  [0, 1, 2].map((label) => labels.filter((each) => each === label).length);

describe('without groups', () => {
  it('sets a share of each class apart for the test, then for validation; each image is in one split', () => {
    const { files: split, available } = splitListing(listingOf(files(false)), { ...OPTIONS, test: 0.2 }, 1);
    expect(perClass(split.test)).toEqual([12, 6, 2]);
    expect(perClass(split.validation)).toEqual([5, 2, 1]);
    expect(available).toEqual({ train: 80, test: 20 });
    const all = [split.train, split.validation, split.test].flatMap(({ paths }) => paths);
    expect([all.length, new Set(all).size]).toEqual([100, 100]);
  });

  it('is another one with another seed', () => {
    const paths = (seed: number) => splitListing(listingOf(files(false)), OPTIONS, seed).files.test.paths;
    expect(paths(1)).toEqual(paths(1));
    expect(paths(1)).not.toEqual(paths(2));
  });

  it('has limits, and validation: test', () => {
    const options = { limit: { train: 20, test: 5 }, validation: 'test', test: 0.5 } as const;
    const { files: split } = splitListing(listingOf(files(false)), options, 1);
    expect([split.train, split.validation, split.test].map(({ paths }) => paths.length)).toEqual([20, 0, 5]);
    expect(perClass(split.train)).toEqual([12, 6, 2]);
  });
});

describe('with groups', () => {
  it('never divides one, and comes near to the shares', () => {
    const { files: split } = splitListing(
      listingOf(files(true)),
      { ...OPTIONS, test: 0.2, validation: 0.2 },
      1,
    );
    const groupsOf = ({ groups }: ImageFiles) => new Set(groups);
    const [train, validation, test] = [split.train, split.validation, split.test].map(groupsOf) as [
      Set<string>,
      Set<string>,
      Set<string>,
    ];
    expect([...validation, ...test].filter((group) => train.has(group))).toEqual([]);
    expect([...validation].filter((group) => test.has(group))).toEqual([]);
    for (const [label, count] of [12, 6, 2].entries()) {
      expect(Math.abs(perClass(split.test)[label]! - count)).toBeLessThanOrEqual(2);
    }
  });

  it('is the same in any order of the images', () => {
    const reversed = Array.from({ length: 100 }, (_, i) => 99 - i);
    const test = (order?: number[]) =>
      splitListing(listingOf(files(true, order)), OPTIONS, 5).files.test.paths;
    expect(test(reversed).toSorted()).toEqual(test().toSorted());
  });
});
