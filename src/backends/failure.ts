import { UserError } from '../errors.js';
import type { Program } from '../model/program.js';
import type { BackendName } from '../registry/backends.js';

/** A backend failed at what it was asked to do; `cause` is its own error. */
export class BackendFailure extends Error {
  constructor(
    /** As it stands after "failed": "in step 12". */
    readonly where: string,
    cause: Error,
  ) {
    super(cause.message, { cause });
    this.name = 'BackendFailure';
  }
}

/**
 * The program, whose backend's errors are BackendFailures from now on.
 * @param told what is thrown in place of such a failure
 */
export function withFailures(
  program: Program,
  told: (failure: BackendFailure) => Error = (failure) => failure,
): Program {
  const guard = async <T>(where: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      throw isFailure(error) ? told(new BackendFailure(where, error)) : error;
    }
  };
  return {
    prepare: (size) => guard('to compile the model', () => program.prepare(size)),
    backward: (batch, masks) => guard('in a training step', () => program.backward(batch, masks)),
    gradients: () => guard('to hand over gradients', () => program.gradients()),
    update: (update) => guard(`in the update of step ${update.step}`, () => program.update(update)),
    evaluate: (batch, weights) => guard('in an evaluation', () => program.evaluate(batch, weights)),
    state: () => guard('to hand over the state for a checkpoint', () => program.state()),
    dispose: () => program.dispose(),
  };
}

/** The program, whose backend's errors are UserErrors, where nothing is lost that a user would have to be told of. */
export function withUserErrors(program: Program, backend: BackendName): Program {
  return withFailures(
    program,
    (failure) =>
      new UserError(summary(failure, backend), {
        hint: 'gnet doctor tells which backends work here; --backend takes another one.',
        cause: failure,
      }),
  );
}

function summary({ where, message }: BackendFailure, backend: BackendName): string {
  return `backend ${backend} failed ${where}: ${message.trim().split('\n')[0]}`;
}

/** Backends throw plain errors; those of the language are our own mistakes and keep their stack. */
function isFailure(error: unknown): error is Error {
  const isOurs = error instanceof UserError || error instanceof TypeError || error instanceof ReferenceError;
  return error instanceof Error && !isOurs;
}

/** What a run tells whose backend failed: what stands, and how to go on. */
export function failedRun(
  failure: BackendFailure,
  backend: BackendName,
  lastSaved: { readonly directory: string; readonly step: number } | null,
  resumeWith: (backend: BackendName) => string,
): UserError {
  const other = backend === 'onnxruntime-cpu' ? 'wasm' : 'onnxruntime-cpu';
  const kept = lastSaved
    ? `${lastSaved.directory} is of step ${lastSaved.step} and stands.`
    : 'The run has no checkpoint yet: resumed, it starts anew.';
  return new UserError(`${summary(failure, backend)}\n${kept}`, {
    hint: `Go on with another backend:\n  ${resumeWith(other)}`,
    cause: failure.cause,
  });
}
