import { Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import type { StageOutput } from './stage.js';

/** A stage on the screen: its title, and a sentence where there is nothing to do. */
export interface Stage<C> {
  readonly title: string;
  /** Why the stage is left out, or null. */
  readonly skip?: (context: C) => string | null;
  /** Does the work; the sentence that it returns is shown beside the title. */
  readonly run: (context: C, output: StageOutput) => Promise<string | undefined>;
}

/** Plain lines are for logs and CI: more of them than this would hide what matters. */
const PLAIN_INTERVAL_MS = 10_000;
const LIVE_INTERVAL_MS = 100;
/** Lines below a live stage; more than fit the terminal could not be redrawn. metrics.jsonl has them all. */
const VISIBLE_LINES = 10;

/** Runs stages one after the other and shows them on stderr: live on a terminal, else as plain lines. */
export async function runStages<C>(stages: readonly Stage<C>[], context: C): Promise<void> {
  const isTerminal = process.stderr.isTTY === true && !process.env.CI;
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const tasks = stages.map((stage) => toTask(stage, isTerminal));
  const shared = { concurrent: false, exitOnError: true, registerSignalListeners: false } as const;
  const list = isTerminal
    ? new Listr<C, 'default'>(tasks, {
        ...shared,
        renderer: 'default',
        rendererOptions: { logger, showErrorMessage: false, collapseErrors: false, collapseSubtasks: false },
      })
    : new Listr<C, 'simple'>(tasks, { ...shared, renderer: 'simple', rendererOptions: { logger } });
  await list.run(context);
}

function toTask<C>(stage: Stage<C>, isTerminal: boolean): ListrTask<C> {
  return {
    title: stage.title,
    rendererOptions: { outputBar: VISIBLE_LINES, persistentOutput: true },
    task: async (context, task) => {
      const reason = stage.skip?.(context) ?? null;
      if (reason !== null) return task.skip(`${stage.title}: ${reason}`);
      let shown = performance.now();
      const output: StageOutput = {
        progress: (text) => {
          const now = performance.now();
          if (now - shown < (isTerminal ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
          shown = now;
          if (isTerminal) task.title = `${stage.title}: ${text}`;
          else task.output = text;
        },
        line: (text) => {
          task.output = text;
        },
      };
      const result = await stage.run(context, output);
      if (result) task.title = `${stage.title}: ${result}`;
    },
  };
}
