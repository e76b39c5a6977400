import { lossSuite, meanOfOutputs } from '../../helpers/loss_suite.js';

const entropy = (x: number, t: number) =>
  t * Math.log1p(Math.exp(-x)) + (1 - t) * (x + Math.log1p(Math.exp(-x)));
const options = (label_smoothing: number) => ({ type: 'binary_cross_entropy', label_smoothing }) as const;

lossSuite([
  [
    'plain',
    {
      options: options(0),
      reference: meanOfOutputs(entropy),
      torch: 'torch.nn.BCEWithLogitsLoss()(x, onehot)',
    },
  ],
  [
    'label smoothing',
    {
      options: options(0.3),
      reference: meanOfOutputs(entropy, 0.3),
      torch: 'torch.nn.BCEWithLogitsLoss()(x, onehot * 0.7 + 0.1)',
    },
  ],
]);
