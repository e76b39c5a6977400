import { setImmediate } from 'node:timers/promises';

/** Turns SIGINT and SIGTERM into a request to stop after the step under way; a second one ends the process at once. */
export class InterruptHandler {
  private readonly controller = new AbortController();
  private readonly listener = (): void => {
    if (this.requested) process.exit(130);
    this.controller.abort();
  };

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, this.listener);
  }

  /** Aborts downloads and other waiting. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get requested(): boolean {
    return this.controller.signal.aborted;
  }

  /** A StopRequested. Turns the event loop first: where a backend computes on this thread, no signal arrives otherwise. */
  readonly stopRequested = async (): Promise<boolean> => {
    await setImmediate();
    return this.requested;
  };

  dispose(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, this.listener);
  }
}
