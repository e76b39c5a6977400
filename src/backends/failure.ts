import { EngineError } from '../engines/engine_error.js';
import { UserError } from '../errors.js';
import type { Program } from '../model/program.js';
import type { BackendName } from '../registry/backends.js';

/** A backend failed at what it was asked to do; `cause` is its own error. */
export class BackendFailure extends Error {
  constructor(
    /** As it stands after "failed": "in an evaluation". */
    readonly where: string,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'BackendFailure';
  }
}

/**
 * The program as it is opened, whose engine's errors are BackendFailures, those of opening it too; gnet's own mistakes are
 * left as they are.
 * @param told what is thrown in place of such a failure
 */
export async function withFailures(
  opening: Promise<Program>,
  told: (failure: BackendFailure) => Error = (failure) => failure,
): Promise<Program> {
  const guard = <T>(where: string, run: () => Promise<T>): Promise<T> => guarded(where, run, told);
  const program = await guard('to open the model', () => opening);
  return {
    prepare: (size) => guard('to compile the model', () => program.prepare(size)),
    backward: (batch, masks, part) =>
      guard('in the backward pass', () => program.backward(batch, masks, part)),
    clip: (clipping) => guard('to clip the gradients', () => program.clip(clipping)),
    gradients: () => guard('to hand over gradients', () => program.gradients()),
    update: (update) => guard('in the update', () => program.update(update)),
    evaluate: (batch, weights) => guard('in an evaluation', () => program.evaluate(batch, weights)),
    state: () => guard('to hand over the state for a checkpoint', () => program.state()),
    dispose: () => program.dispose(),
  };
}

/** Makes what a backend computes, as `withFailures`. @param where as it stands after "failed" */
export async function guarded<T>(
  where: string,
  run: () => Promise<T>,
  told: (failure: BackendFailure) => Error = (failure) => failure,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof EngineError ? told(new BackendFailure(where, error.cause)) : error;
  }
}

/** Makes a training step, whose failures then name it and its epoch, both counted from 1. */
export async function inStep<T>(step: number, epoch: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof BackendFailure)) throw error;
    throw new BackendFailure(`${error.where} of step ${step} (epoch ${epoch})`, error.cause);
  }
}

/** The program as withFailures has it, with UserErrors: where nothing is lost that a user would have to be told of. */
export function withUserErrors(opening: Promise<Program>, backend: BackendName): Promise<Program> {
  return withFailures(opening, (failure) => failureError(failure, backend));
}

/** What a user is told of a failure that loses nothing. */
export function failureError(failure: BackendFailure, backend: BackendName): UserError {
  return new UserError(summary(failure, backend), {
    hint: 'gnet doctor tells which backends work here; --backend takes another one.',
    cause: failure,
  });
}

function summary({ where, message }: BackendFailure, backend: BackendName): string {
  return `backend ${backend} failed ${where}: ${message.trim().split('\n')[0]}`;
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
