/**
 * A library that computes (ONNX Runtime, TensorFlow, a backend of TensorFlow.js) failed at what it was asked; `cause` is
 * its own error. Whoever calls such a library throws this for what comes out of it, so that it is told apart from
 * mistakes of gnet's own code: only this is mended by another backend.
 */
export class EngineError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'EngineError';
  }
}

/** Calls a library that computes. @throws EngineError where it fails, or its promise does */
export function fromEngine<T>(call: () => T): T {
  try {
    const result = call();
    return result instanceof Promise ? (result.catch(fail) as T) : result;
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): never {
  throw error instanceof EngineError ? error : new EngineError(error);
}
