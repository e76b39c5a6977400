import { Listr, type ListrRendererTask, type ListrTask, ListrTaskEventType, ListrTaskState } from 'listr2';
import { Interrupted } from '../errors.js';
import { LiveScreen } from './live_screen.js';
import { PlainScreen } from './plain_screen.js';
import type { Screen, StageOutput } from './stage.js';

/** A stage on the screen: its title, and a sentence where there is nothing to do. */
export interface Stage<C> {
  readonly title: string;
  /** Why the stage is left out, or null. */
  readonly skip?: (context: C) => string | null;
  /** Does the work; the sentence that it returns is shown beside the title. */
  readonly run: (context: C, output: StageOutput) => Promise<string | undefined>;
}

/** Runs stages one after the other and shows them on stderr: live on a terminal, else as plain lines. */
export async function runStages<C>(stages: readonly Stage<C>[], context: C): Promise<void> {
  const screen = openScreen();
  const tasks = stages.map((stage) => toTask(stage, screen));
  const options = { concurrent: false, exitOnError: true, registerSignalListeners: false } as const;
  await new Listr<C, typeof StageRenderer>(tasks, {
    ...options,
    renderer: StageRenderer,
    rendererOptions: { screen },
  }).run(context);
}

function openScreen(): Screen {
  const { CI, TERM } = process.env;
  const isLive = process.stderr.isTTY === true && !CI && TERM !== 'dumb';
  return isLive ? new LiveScreen(process.stderr) : new PlainScreen(process.stderr);
}

function toTask<C>(stage: Stage<C>, output: StageOutput): ListrTask<C> {
  return {
    title: stage.title,
    task: async (context, task) => {
      const reason = stage.skip?.(context) ?? null;
      if (reason !== null) return task.skip(`${stage.title}: ${reason}`);
      const result = await stage.run(context, output);
      if (result) task.title = `${stage.title}: ${result}`;
    },
  };
}

/** Tells a screen of the states of listr2's tasks. */
class StageRenderer {
  static nonTTY = true;
  static rendererOptions: { screen: Screen };
  static rendererTaskOptions: never;
  private running = '';

  constructor(
    private readonly tasks: ListrRendererTask<typeof StageRenderer>[],
    private readonly options: typeof StageRenderer.rendererOptions,
  ) {}

  render(): void {
    const { screen } = this.options;
    for (const task of this.tasks) {
      task.on(ListrTaskEventType.STATE, (state) => {
        const title = task.title ?? '';
        if (state === ListrTaskState.COMPLETED) screen.end('done', title);
        if (state !== ListrTaskState.STARTED) return;
        this.running = title;
        screen.begin(title);
      });
      task.on(ListrTaskEventType.MESSAGE, ({ skip }) => {
        if (skip) screen.end('skipped', skip);
      });
    }
  }

  /** The error itself is told by whoever catches it. */
  end(error?: Error): void {
    const { screen } = this.options;
    if (error instanceof Interrupted) screen.end('stopped', `${this.running}: stopped`);
    else if (error) screen.end('failed', this.running);
    screen.close();
  }
}
