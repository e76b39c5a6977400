import { setImmediate as nextTurn } from 'node:timers';
import { setImmediate } from 'node:timers/promises';

/** A terminal that goes away sends SIGHUP: what it ran is to be saved just as well. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns these signals into a request to stop after the step under way; a second one, once the first was answered, ends the process. */
export class InterruptHandler {
  private readonly controller = new AbortController();
  private readonly listener = (name: NodeJS.Signals): void => {
    if (this.requested) {
      // Both the kernel and the shell send SIGHUP where a terminal goes away: two of them are one request. So are signals
      // that arrive together, after a step that kept them waiting: nobody has seen an answer to the first.
      if (this.answered && name !== 'SIGHUP') process.exit(130);
      return;
    }
    this.controller.abort();
    this.answer?.();
    nextTurn(() => {
      this.answered = true;
    });
  };
  private answered = false;
  /** Tells whoever asked to stop what happens now. */
  answer: (() => void) | null = null;

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
