import type { Static } from '@sinclair/typebox';
import { byType, oneOf, type Resolved, Type } from './schema.js';

const buffers = Type.Optional(
  oneOf(['average', 'copy'], {
    default: 'average',
    description:
      'Whether running statistics are averaged as parameters are, or those of the last averaged step.',
  }),
);

const none = Type.Object(
  { type: Type.Literal('none', { description: 'What is evaluated are the weights that training changes.' }) },
  { additionalProperties: false },
);

const ema = Type.Object(
  {
    type: Type.Literal('ema', {
      description: 'Exponential moving average: after each update, decay · average + (1 − decay) · weights.',
    }),
    decay: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.9998,
        description: 'What is left of the average after an update.',
      }),
    ),
    warmup: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the decay begins small: at most 1 − n^(−2/3) at the n-th update.',
      }),
    ),
    buffers,
  },
  { additionalProperties: false },
);

const swa = Type.Object(
  {
    type: Type.Literal('swa', {
      description:
        'Stochastic weight averaging: the mean of the weights after each epoch from start_epoch on.',
    }),
    start_epoch: Type.Integer({
      minimum: 1,
      description: 'The first epoch after which weights are averaged.',
    }),
    buffers,
  },
  { additionalProperties: false },
);

/** An average of the weights over a training. */
export const average = byType([none, ema, swa], {
  default: { type: 'none' },
  description:
    'An average of the weights over the training, which is then evaluated, chosen and exported in place of them.',
});

/** Options of any average, as resolved. */
export type AverageOptions = Resolved<Static<typeof average>>;
