import { loadPlan } from '../config/load_plan.js';
import { ConfigError, type ConfigProblem } from '../config/problem.js';
import { grouped } from '../terminal/format.js';

/** What is to be said of one config. */
export interface ValidatedFile {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
  /** As printed: one line for a good config, else a line for each mistake. */
  readonly text: string;
}

export interface ValidationReport {
  readonly files: readonly ValidatedFile[];
  readonly mistakes: number;
}

/** Loads each config and reports on all of them; a mistake in one does not keep the others from being read. */
export async function validateConfigs(
  files: readonly string[],
  sets: readonly string[],
): Promise<ValidationReport> {
  const results: ValidatedFile[] = [];
  for (const file of files) results.push(await validateConfig(file, sets));
  return { files: results, mistakes: results.reduce((sum, { problems }) => sum + problems.length, 0) };
}

async function validateConfig(file: string, sets: readonly string[]): Promise<ValidatedFile> {
  try {
    const { plan } = await loadPlan(file, sets);
    const { totalSteps } = plan.horizon;
    const text = `${file}: valid (${grouped(plan.parameterCount)} parameters, ${grouped(totalSteps)} steps)`;
    return { file, problems: [], text };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, problems: error.problems, text: error.message };
  }
}
