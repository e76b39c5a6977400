import { describe, expect, test } from 'vitest';
import { afterEpoch, afterStep, epochMeans, type Position, START } from '../../src/pipeline/progress.js';

const metrics = (loss: number, correct: number) => ({
  loss,
  mainLoss: loss / 2,
  auxLoss: { head: loss / 4 },
  correct,
});

describe('afterStep and epochMeans', () => {
  test('weigh each batch by its images', () => {
    let position = afterStep(START, metrics(1, 2), 8, 0.5);
    position = afterStep(position, metrics(2, 8), 8, 0.25);
    position = afterStep(position, metrics(8, 0), 4, 0.25); // the partial last batch
    expect(position).toEqual({
      ...START,
      step: 3,
      step_in_epoch: 3,
      seconds: 1,
      epoch_totals: {
        count: 20,
        correct: 10,
        seconds: 1,
        loss: 8 + 16 + 32,
        main_loss: 28,
        'aux_loss.head': 14,
      },
    });
    expect(epochMeans(position.epoch_totals, ['head'])).toEqual({
      loss: 2.8, // and not (1 + 2 + 8) / 3
      main_loss: 1.4,
      aux_loss: { head: 0.7 },
      accuracy: 0.5,
      images_per_second: 20,
      count: 20,
    });
  });

  test('leave the position that they are given as it is', () => {
    const before = structuredClone(START);
    afterStep(START, metrics(1, 1), 1, 1);
    expect(START).toEqual(before);
  });
});

describe('afterEpoch', () => {
  const atEnd: Position = {
    ...START,
    step: 7,
    step_in_epoch: 7,
    epoch_totals: { count: 52, loss: 104 },
    seconds: 3,
  };
  const evaluated = (loss: number, accuracy: number) => ({
    result: { loss, accuracy, correct: 0, count: 20 },
    seconds: 0.5,
  });

  test('the first evaluation is the best, and the next epoch starts from zero', () => {
    expect(afterEpoch(atEnd, 2, evaluated(2, 0))).toEqual({
      step: 7,
      epoch: 2,
      step_in_epoch: 0,
      epoch_totals: {},
      best: { epoch: 1, step: 7, accuracy: 0, loss: 2 },
      finished: false,
      seconds: 3.5,
    });
  });

  const best = { epoch: 1, step: 7, accuracy: 0.5, loss: 2 };
  test.each([
    ['more accurate', evaluated(3, 0.51), { epoch: 2, step: 14, accuracy: 0.51, loss: 3 }],
    ['as accurate, at a smaller loss', evaluated(1, 0.5), best],
    ['less accurate', evaluated(1, 0.49), best],
  ])('one that is %s', (_, test, expected) => {
    const position = afterEpoch({ ...atEnd, epoch: 2, step: 14, best }, 3, test);
    expect(position).toMatchObject({ best: expected, epoch: 3 });
  });

  test('the last epoch ends the run where it is', () => {
    expect(afterEpoch({ ...atEnd, epoch: 2, step: 14, best }, 2, evaluated(3, 0))).toEqual({
      step: 14,
      epoch: 2,
      step_in_epoch: 7,
      epoch_totals: {},
      best,
      finished: true,
      seconds: 3.5,
    });
  });
});
