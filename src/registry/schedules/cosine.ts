import { Type } from '../schema.js';
import { defineSchedule, finalFactorField, progress, scheduleFields } from './schedule.js';

/**
 * Half a cosine from 1 at the first step after the warm-up to final_factor just after the last step (Loshchilov & Hutter
 * 2016), as torch.optim.lr_scheduler.CosineAnnealingLR stepped once a step.
 */
export const cosine = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('cosine', 'Half a cosine, from the full learning rate down to final_factor of it.'),
      final_factor: finalFactorField(0),
    },
    { additionalProperties: false },
  ),
  factor: ({ final_factor }, at, horizon) =>
    final_factor + (1 - final_factor) * 0.5 * (1 + Math.cos(Math.PI * progress(at, horizon))),
});
