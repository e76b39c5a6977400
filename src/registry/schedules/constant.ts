import { Type } from '../schema.js';
import { defineSchedule, scheduleFields } from './schedule.js';

/** The same learning rate at every step. */
export const constant = defineSchedule({
  schema: Type.Object(scheduleFields('constant', 'The same learning rate at every step.'), {
    additionalProperties: false,
  }),
  factor: () => 1,
});
