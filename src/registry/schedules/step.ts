import { Type } from '../schema.js';
import { defineSchedule, scheduleFields } from './schedule.js';

/** γ^⌊epoch / step_epochs⌋, as torch.optim.lr_scheduler.StepLR stepped once an epoch. */
export const step = defineSchedule({
  schema: Type.Object(
    {
      ...scheduleFields('step', 'Multiplied by gamma every step_epochs epochs.'),
      step_epochs: Type.Integer({ minimum: 1, description: 'Epochs between two drops.' }),
      gamma: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.1, description: 'Factor of each drop.' }),
      ),
    },
    { additionalProperties: false },
  ),
  factor: (options, at, { stepsPerEpoch }) =>
    options.gamma ** Math.floor(at / stepsPerEpoch / options.step_epochs),
});
