import { Ajv, type ValidateFunction } from 'ajv';
import { type Experiment, experimentSchema } from '../registry/experiment.js';
import { plainSchema } from './plain_schema.js';
import { type SchemaProblem, schemaProblems } from './schema_problems.js';

let compiled: ValidateFunction | undefined;

/**
 * Checks a plain value against the registry's schema: the experiment with its defaults filled in, or every mistake.
 * @param isInFile whether a file has that top-level key: only there, `extends` is what it may have been meant to be
 */
export function validateExperiment(
  written: unknown,
  isInFile: (key: string) => boolean = () => false,
): { experiment: Experiment } | { problems: SchemaProblem[] } {
  compiled ??= new Ajv({
    allErrors: true,
    verbose: true,
    discriminator: true,
    useDefaults: true,
    // Start-up time, 100 ms of it: the schema is this program's own, and its code runs once.
    validateSchema: false,
    meta: false,
    strict: false,
    messages: false,
    inlineRefs: false,
    code: { optimize: false },
  }).compile(plainSchema(experimentSchema));
  const filled = structuredClone(written);
  // With useDefaults, what is valid has every optional key.
  if (compiled(filled)) return { experiment: filled as Experiment };
  return { problems: schemaProblems(compiled.errors ?? [], written, isInFile) };
}
