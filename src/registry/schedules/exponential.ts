import { Type } from '../schema.js';
import { defineSchedule, scheduleFields } from './schedule.js';

/** γ^epochs at every step: torch.optim.lr_scheduler.ExponentialLR with γ^(1 / steps of an epoch), stepped once a step. */
export const exponential = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('exponential', 'Falls a little at every step, by gamma over each epoch.'),
      gamma: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Factor over an epoch.' }),
    },
    { additionalProperties: false },
  ),
  factor: ({ gamma }, at, { stepsPerEpoch }) => gamma ** (at / stepsPerEpoch),
});
