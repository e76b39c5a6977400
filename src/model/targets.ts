import type { Plan } from '../config/resolve.js';
import type { Batch } from './program.js';

type Mixed = {
  readonly config: Pick<Plan['config'], 'mixing'>;
  readonly dataset: Pick<Plan['dataset'], 'classes'>;
};

/** Shape of a batch's targets. */
export function targetShape({ dataset }: Mixed, size: number): [number, number] {
  return [size, dataset.classes.length];
}

/** What a training step of a plan that mixes images reads beside the labels; null of one that does not. */
export function batchTargets(plan: Mixed, { labels, targets, size }: Batch): Float32Array | null {
  if (plan.config.mixing === null) return null;
  if (targets) return targets;
  const classes = plan.dataset.classes.length;
  const whole = new Float32Array(size * classes);
  for (let i = 0; i < size; i++) whole[i * classes + labels[i]!] = 1;
  return whole;
}
