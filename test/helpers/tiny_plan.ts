import { planFromResolved } from '../../src/config/load_plan.js';
import type { Plan } from '../../src/config/resolve.js';
import { openSplits, type Splits } from '../../src/data/open.js';
import type { RunFacts } from '../../src/pipeline/recorder.js';
import { TINY } from './tiny_config.js';

/** The plan of the tiny config with some of its keys replaced. */
export function tinyPlan(changes: Readonly<Record<string, unknown>> = {}): Plan {
  return planFromResolved({ ...TINY, ...changes }, 'the tiny config');
}

/** What a recorder is told of a tiny run. */
export function factsOf(plan: Plan = tinyPlan()): RunFacts {
  return { plan, backend: 'wasm', started_at: '2026-01-02T03:04:05.000Z' };
}

export function dataOf(plan: Plan): Promise<Splits> {
  return openSplits(plan);
}
