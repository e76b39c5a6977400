import { dirname, isAbsolute, join } from 'node:path';
import type { LoadedPlan } from './load_plan.js';
import { writtenOrigin } from './located.js';

/** The path of `init.file`, or null where a config has none; written in a file, it is relative to that file. */
export function initialFile({ plan, origins }: Pick<LoadedPlan, 'plan' | 'origins'>): string | null {
  const { init } = plan.config;
  if (init === null) return null;
  const origin = writtenOrigin(origins.of(['init', 'file']));
  if (origin.kind !== 'file' || isAbsolute(init.file)) return init.file;
  return join(dirname(origin.file), init.file);
}
