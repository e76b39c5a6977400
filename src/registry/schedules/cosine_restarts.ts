import { Type } from '../schema.js';
import { defineSchedule, finalFactorField, scheduleFields } from './schedule.js';

/**
 * Half cosines one after the other, each `multiplier` times as long as the one before (Loshchilov & Hutter 2016), as
 * torch.optim.lr_scheduler.CosineAnnealingWarmRestarts stepped once a step.
 */
export const cosineRestarts = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('cosine_restarts', 'Half cosines, each from the full learning rate to final_factor.'),
      first_epochs: Type.Integer({ minimum: 1, description: 'Epochs of the first half cosine.' }),
      multiplier: Type.Optional(
        Type.Integer({
          minimum: 1,
          default: 1,
          description: 'How many times as long as the one before each next one is.',
        }),
      ),
      final_factor: finalFactorField(0),
    },
    { additionalProperties: false },
  ),
  factor: ({ first_epochs, multiplier, final_factor }, at, { stepsPerEpoch, warmupSteps }) => {
    let length = first_epochs * stepsPerEpoch;
    let within = at - warmupSteps;
    if (multiplier === 1) within %= length;
    else
      while (within >= length) {
        within -= length;
        length *= multiplier;
      }
    return final_factor + (1 - final_factor) * 0.5 * (1 + Math.cos((Math.PI * within) / length));
  },
});
