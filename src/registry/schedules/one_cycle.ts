import { oneOf, Type } from '../schema.js';
import { defineSchedule } from './schedule.js';

/**
 * Up to the full learning rate and down to almost nothing (Smith & Topin 2017), as torch.optim.lr_scheduler.OneCycleLR in
 * two phases, without its cycle of the momentum. The way up is its warm-up.
 */
export const oneCycle = defineSchedule({
  schema: Type.Object(
    {
      type: Type.Literal('one_cycle', {
        description: 'Up to the full learning rate, then down to almost nothing; it has no other warm-up.',
      }),
      rising: Type.Optional(
        Type.Number({
          exclusiveMinimum: 0,
          exclusiveMaximum: 1,
          default: 0.3,
          description: 'Share of the steps on the way up.',
        }),
      ),
      initial_divisor: Type.Optional(
        Type.Number({
          minimum: 1,
          default: 25,
          description: 'The first rate is the full one divided by it.',
        }),
      ),
      final_divisor: Type.Optional(
        Type.Number({ minimum: 1, default: 10000, description: 'The last rate is the first divided by it.' }),
      ),
      curve: Type.Optional(
        oneOf(['cosine', 'linear'], { default: 'cosine', description: 'The form of both ways.' }),
      ),
    },
    { additionalProperties: false },
  ),
  factor: ({ rising, initial_divisor, final_divisor, curve }, at, { totalSteps }) => {
    const between = (from: number, to: number, share: number) =>
      curve === 'linear'
        ? from + (to - from) * share
        : to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
    const first = 1 / initial_divisor;
    // Steps count from 0: the top is the step before `rising` of them are over, the end is the last step.
    const top = rising * totalSteps - 1;
    if (at < top) return between(first, 1, at / top);
    return between(1, first / final_divisor, (at - top) / Math.max(1, totalSteps - 1 - top));
  },
});
