import { Type } from '../schema.js';
import { defineSchedule, scheduleFields } from './schedule.js';

/** γ^(milestones that are past), as torch.optim.lr_scheduler.MultiStepLR stepped once an epoch. */
export const multiStep = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('multi_step', 'Multiplied by gamma after each of the milestones.'),
      milestones: Type.Array(Type.Integer({ minimum: 1 }), {
        minItems: 1,
        uniqueItems: true,
        description: 'Epochs after which the learning rate drops.',
      }),
      gamma: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.1, description: 'Factor of each drop.' }),
      ),
    },
    { additionalProperties: false },
  ),
  factor: ({ milestones, gamma }, at, { stepsPerEpoch }) =>
    gamma ** milestones.filter((epoch) => at >= epoch * stepsPerEpoch).length,
});
