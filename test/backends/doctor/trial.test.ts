import { expect, test } from 'vitest';
import { requireTrialResult, TRIAL_INPUTS, trial } from '../../../src/backends/doctor/trial.js';
import { loadTfjs } from '../../../src/backends/load_tfjs.js';

test('the trial computation: its result on paper is that of a backend', async () => {
  const tf = await loadTfjs('cpu');
  const [image, filter, matrix] = Object.values(TRIAL_INPUTS).map(({ shape, values }) =>
    tf.tensor([...values], [...shape]),
  );
  const result = trial(tf, { image: image!, filter: filter!, matrix: matrix! });
  expect(result.shape).toEqual([2, 2]);
  // 1·1 + 2·2 + 4·3 + 5·4 = 37 and so on; the second column is the sum of both.
  expect([...result.dataSync()]).toEqual([37, 37 + 47, 67, 67 + 77]);
  expect(() => requireTrialResult(result.dataSync())).not.toThrow();
});

test.each([[[37, 84, 67, 143]], [[37, 84, 67, Number.NaN]], [[37, 84]], [[]]])('%j is not it', (result) => {
  expect(() => requireTrialResult(result)).toThrow(
    'wrong result: expected 37,84,67,144 of the trial computation',
  );
});
