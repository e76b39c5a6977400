import type { Plan } from '../config/resolve.js';
import { epochAugment, epochOrder, streamBatches } from './batches.js';
import type { Inputs } from './source.js';

/** The batches of an epoch from a position in it. */
export function epochBatches(
  plan: Plan,
  { train: source }: { readonly train: Inputs },
  { epoch, step_in_epoch }: { readonly epoch: number; readonly step_in_epoch: number },
) {
  const { seed, training } = plan.config;
  const order = epochOrder(seed, epoch, source.count, training.shuffle);
  const augment = epochAugment(plan.config, plan.dataset.image, epoch);
  return streamBatches({ source, order, batchSize: training.batch_size, augment }, step_in_epoch);
}
