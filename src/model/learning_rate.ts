import type { Plan } from '../config/resolve.js';
import { scheduleFactor } from '../registry/schedules/index.js';

/** The learning rate of a 0-based step. */
export function learningRate({ config, horizon }: Plan, step: number): number {
  return config.optimizer.learning_rate * scheduleFactor(config.schedule, step, horizon);
}
