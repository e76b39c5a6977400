import { expect, test } from 'vitest';
import { histogram } from '../../src/logging/histogram.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { TestRandom } from '../helpers/random.js';

const rowsOf = (values: readonly number[], buckets: number) => {
  const { rows } = histogram(Float32Array.from(values), buckets);
  return Array.from({ length: buckets }, (_, bucket) => [...rows.subarray(bucket * 3, bucket * 3 + 3)]);
};

test.each<[string, number[], number[][]]>([
  [
    'the largest value is in the last bucket',
    [0, 1, 2, 2.5, 4],
    [
      [0, 2, 2],
      [2, 4, 3],
    ],
  ],
  [
    'values that are all the same',
    [7, 7, 7],
    [
      [7, 7, 0],
      [7, 7, 3],
    ],
  ],
  [
    'values that are not finite',
    [Number.NaN, 1, Number.POSITIVE_INFINITY, 3],
    [
      [1, 2, 1],
      [2, 3, 1],
    ],
  ],
  [
    'nothing',
    [],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  ],
])('%s', (_, values, expected) => expect(rowsOf(values, 2)).toEqual(expected));

test("counts as TensorBoard's own summaries do", ({ skip }) => {
  const why = whyNoPython('tensorboard.plugins.histogram.summary_v2', 'numpy');
  if (why !== null) skip(why);
  const values = Float32Array.from(new TestRandom(3).tensor([1000]).values);
  const script = `
import json, sys
import numpy
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.util.tensor_util import make_ndarray
values = numpy.array(json.loads(sys.argv[1]), dtype=numpy.float32).astype(numpy.float64)
print(json.dumps(make_ndarray(histogram_pb('a', values, buckets=30).value[0].tensor).tolist()))`;
  const expected = runPython(script, JSON.stringify([...values])) as number[][];
  const actual = rowsOf([...values], 30);
  expect(actual.map((row) => row[2])).toEqual(expected.map((row) => row[2]));
  for (const [bucket, [left, right]] of expected.entries()) {
    expect(actual[bucket]![0]).toBeCloseTo(left!, 12);
    expect(actual[bucket]![1]).toBeCloseTo(right!, 12);
  }
});
