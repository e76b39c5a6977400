import type { Plan } from '../config/resolve.js';
import type { Hyperparameters } from './summaries.js';

/** Keys that say where a run gets its data and what it leaves behind, and those that are no number or word. */
const LEFT_OUT = /^(name|model|backend|checkpoint|tensorboard|dataset\.(root|archive))(\.|$)/;

/** The settings in which runs may differ, by their keys in the config; lists on one line. */
export function hyperparameters(plan: Plan, backend: string): Hyperparameters {
  const { parameterCount, macs } = plan;
  return { ...flat(plan.config, ''), backend, 'model.parameters': parameterCount, 'model.macs': macs };
}

function flat(value: unknown, path: string): Hyperparameters {
  if (LEFT_OUT.test(path)) return {};
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') {
    return { [path]: value };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    // TensorBoard would show each quotation mark as \".
    return { [path]: JSON.stringify(value).replaceAll('"', '') };
  }
  const prefix = path === '' ? '' : `${path}.`;
  return Object.assign({}, ...Object.entries(value).map(([key, inner]) => flat(inner, prefix + key)));
}
