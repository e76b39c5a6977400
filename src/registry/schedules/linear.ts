import { Type } from '../schema.js';
import { defineSchedule, finalFactorField, progress, scheduleFields } from './schedule.js';

/** A straight line from 1 to final_factor, as torch.optim.lr_scheduler.LinearLR over the run, stepped once a step. */
export const linear = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('linear', 'A straight line from the full learning rate down to final_factor of it.'),
      final_factor: finalFactorField(0),
    },
    { additionalProperties: false },
  ),
  factor: ({ final_factor }, at, horizon) => 1 + (final_factor - 1) * progress(at, horizon),
});
