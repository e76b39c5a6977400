import { Type } from '../schema.js';
import { defineSchedule, scheduleFields } from './schedule.js';

/**
 * Half a cosine from 1 at the first step after the warm-up to final_factor just after the last step (Loshchilov & Hutter
 * 2016), as torch.optim.lr_scheduler.CosineAnnealingLR stepped once a step.
 */
export const cosine = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('cosine', 'Half a cosine, from the full learning rate down to final_factor of it.'),
      final_factor: Type.Optional(
        Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0,
          description: 'Share of the learning rate left at the end.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  factor: (options, at, { totalSteps, warmupSteps }) => {
    const progress = (at - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    return options.final_factor + (1 - options.final_factor) * 0.5 * (1 + Math.cos(Math.PI * progress));
  },
});
