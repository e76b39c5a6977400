import * as ort from 'onnxruntime-node';
import type { CompiledGraph } from './compile.js';

export type SessionOptions = Pick<
  ort.InferenceSession.SessionOptions,
  'executionProviders' | 'intraOpNumThreads' | 'preferredOutputLocation'
>;

/** Sessions of ONNX Runtime by name, each opened at its first use. */
export class Sessions {
  private readonly sessions = new Map<string, Promise<ort.InferenceSession>>();

  get(
    name: string,
    compile: () => Promise<CompiledGraph>,
    options: SessionOptions,
  ): Promise<ort.InferenceSession> {
    let session = this.sessions.get(name);
    if (!session) {
      session = compile().then(({ model }) =>
        ort.InferenceSession.create(model, {
          graphOptimizationLevel: 'all',
          // Unused parameter inputs are meant to be there; below 3 (errors) each would be reported.
          logSeverityLevel: 3,
          ...options,
        }),
      );
      this.sessions.set(name, session);
    }
    return session;
  }

  dispose(): void {
    for (const session of this.sessions.values()) {
      // One that did not open has told whoever waited for it.
      session.then((ready) => ready.release()).catch(() => {});
    }
    this.sessions.clear();
  }
}
