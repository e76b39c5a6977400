import { groupsByParameter } from '../config/parameter_groups.js';
import type { Plan } from '../config/resolve.js';
import { type OptimizerOptions, optimizerEntry } from '../registry/optimizers/index.js';
import type { Update } from './program.js';
import { trainedSpecs } from './state_specs.js';

/** Trained parameters that are updated alike. */
export interface UpdateGroup {
  readonly parameters: readonly string[];
  /** The optimizer's options, with the weight decay of these parameters. */
  readonly optimizer: OptimizerOptions;
  /** Times the step's learning rate. */
  readonly learningRateFactor: number;
}

/** Where nothing is to be trained, one group of no parameters. */
export type UpdateGroups = readonly [UpdateGroup, ...UpdateGroup[]];

/** All trained parameters, each in one group: as the optimizer says, but for what `parameter_groups` changes. */
export function updateGroups(plan: Pick<Plan, 'config' | 'network' | 'frozen'>): UpdateGroups {
  const { optimizer, parameter_groups } = plan.config;
  const groupOf = groupsByParameter(parameter_groups, plan.network);
  const groups = new Map<string, UpdateGroup & { parameters: string[] }>();
  for (const name of trainedSpecs(plan).keys()) {
    const { learning_rate_factor: factor, weight_decay: decay } = groupOf.get(name) ?? {};
    const learningRateFactor = factor ?? 1;
    const weightDecay = decay ?? optimizer.weight_decay;
    const key = `${learningRateFactor} ${weightDecay}`;
    const group = groups.get(key) ?? {
      parameters: [],
      optimizer: { ...optimizer, weight_decay: weightDecay },
      learningRateFactor,
    };
    group.parameters.push(name);
    groups.set(key, group);
  }
  const [first = { parameters: [], optimizer, learningRateFactor: 1 }, ...more] = groups.values();
  return [first, ...more];
}

/** Numbers of one update by the optimizer's names, for each group. */
export function updateScalars(
  groups: UpdateGroups,
  { learningRate, step }: Update,
): Readonly<Record<string, number>>[] {
  return groups.map(({ optimizer, learningRateFactor }) =>
    optimizerEntry(optimizer.type).scalars(optimizer, learningRate * learningRateFactor, step),
  );
}
