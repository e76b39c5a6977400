import { setImmediate } from 'node:timers/promises';

/** A terminal that goes away sends SIGHUP: what it ran is to be saved just as well. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns these signals into a request to stop after the step under way; a second one ends the process at once. */
export class InterruptHandler {
  private readonly controller = new AbortController();
  private readonly listener = (name: NodeJS.Signals): void => {
    // Both the kernel and the shell send SIGHUP where a terminal goes away: two of them are one request.
    if (this.requested && name !== 'SIGHUP') process.exit(130);
    this.controller.abort();
  };

  constructor() {
    for (const name of SIGNALS) process.on(name, this.listener);
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
    for (const name of SIGNALS) process.off(name, this.listener);
  }
}
