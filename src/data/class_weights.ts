import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';

/**
 * The plan with the class weights that `balanced` stands for, images / (classes · images of the class), as
 * sklearn.utils.class_weight.compute_class_weight; any other plan as it is.
 * @param labels of all training images
 * @throws UserError where a class has no training image
 */
export function withBalancedClasses(plan: Plan, labels: Int32Array): Plan {
  const { loss } = plan.config;
  if (!('class_weights' in loss) || loss.class_weights !== 'balanced') return plan;
  const { classes } = plan.dataset;
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label]!++;
  const empty = classes.filter((_, label) => counts[label] === 0);
  if (empty.length > 0) {
    throw new UserError(
      `loss.class_weights: balanced: expected a training image of each class, got none of ${empty.join(', ')}`,
      { hint: 'Raise dataset.limit.train, or give a list with a weight for each class.' },
    );
  }
  return { ...plan, classWeights: counts.map((count) => labels.length / (classes.length * count)) };
}
