import { describe, expect, it } from 'vitest';
import { cosine } from '../../../src/registry/schedules/cosine.js';

const options = (final_factor = 0) => ({ type: 'cosine', warmup_epochs: 0, final_factor }) as const;
const horizon = (warmupSteps: number, totalSteps = 100) => ({ stepsPerEpoch: 10, totalSteps, warmupSteps });

describe('cosine', () => {
  it.each([
    ['starts at 1', 0, 0, 0, 1],
    ['is at half in the middle', 50, 0, 0, 0.5],
    ['a quarter of the way', 25, 0, 0, (1 + Math.SQRT1_2) / 2],
    ['its last step is one step before the end', 99, 0, 0, (1 - Math.cos(Math.PI / 100)) / 2],
    ['ends at the final factor', 100, 0, 0.2, 0.2],
    ['half way to the final factor', 50, 0, 0.2, 0.6],
    ['starts after the warm-up', 20, 20, 0, 1],
    ['is at half between warm-up and end', 60, 20, 0, 0.5],
  ])('%s', (_name, step, warmupSteps, finalFactor, factor) => {
    expect(cosine.factor(options(finalFactor), step, horizon(warmupSteps))).toBeCloseTo(factor, 12);
  });

  it('falls at every step', () => {
    const factors = Array.from({ length: 101 }, (_, step) => cosine.factor(options(), step, horizon(0)));
    expect(factors.every((factor, step) => step === 0 || factor < factors[step - 1]!)).toBe(true);
  });

  it('is a number where the warm-up takes the whole run', () => {
    expect(cosine.factor(options(), 100, horizon(100))).toBe(1);
  });
});
