import { Type } from '../schema.js';
import { defineSchedule, finalFactorField, progress, scheduleFields } from './schedule.js';

/** (1 − progress)^power down to final_factor, as torch.optim.lr_scheduler.PolynomialLR stepped once a step (final_factor 0). */
export const polynomial = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('polynomial', 'A power of what is left of the run, down to final_factor.'),
      power: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, default: 1, description: 'Power; 1 is a straight line.' }),
      ),
      final_factor: finalFactorField(0),
    },
    { additionalProperties: false },
  ),
  factor: ({ power, final_factor }, at, horizon) =>
    final_factor + (1 - final_factor) * (1 - progress(at, horizon)) ** power,
});
