import { lossSuite, meanOfOutputs } from '../../helpers/loss_suite.js';

/** −α_t (1 − p_t)^γ log p_t, with 1 − p_t as the sigmoid of the other sign, which keeps its digits. */
const focalOf = (gamma: number, alpha: number | null) => (x: number, t: number) => {
  const own = t === 1 ? x : -x;
  const weight = alpha === null ? 1 : t === 1 ? alpha : 1 - alpha;
  return weight * (1 / (1 + Math.exp(own))) ** gamma * Math.log1p(Math.exp(-own));
};

const torch = (gamma: number, alpha: number) =>
  `torchvision.ops.sigmoid_focal_loss(x, onehot, alpha=${alpha}, gamma=${gamma}, reduction='mean')`;

lossSuite(
  [
    [2, 0.25],
    [0.5, 0.75],
    [0, 0.25],
    [2, null],
  ].map(([gamma, alpha]) => [
    `gamma ${gamma}, alpha ${alpha}`,
    {
      options: { type: 'focal', gamma: gamma!, alpha: alpha! },
      reference: meanOfOutputs(focalOf(gamma!, alpha!)),
      // There, a negative alpha weighs none.
      torch: torch(gamma!, alpha ?? -1),
    },
  ]),
);
