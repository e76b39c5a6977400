import { withUserErrors } from '../backends/failure.js';
import { openProgram, takeBackend } from '../backends/open_program.js';
import { threadCount } from '../backends/threads.js';
import { partSize } from '../config/part_size.js';
import type { Plan } from '../config/resolve.js';
import { openSplit } from '../data/open.js';
import { filesStage } from '../data/stages.js';
import { Interrupted, UserError } from '../errors.js';
import type { Program } from '../model/program.js';
import { evaluate, type SplitResult } from '../pipeline/evaluation.js';
import type { BackendName } from '../registry/backends.js';
import type { Split } from '../registry/datasets/facts.js';
import { OPTIMISTIC } from '../runs/chosen_on.js';
import type { Scores } from '../statistics/scores.js';
import { grouped, percent } from '../terminal/format.js';
import { InterruptHandler } from '../terminal/interrupt.js';
import { runStages } from '../terminal/screen.js';
import { describeWeights, openCheckpoint, type WeightsChoice } from './open_checkpoint.js';

/** What `gnet eval` was asked for. */
export interface EvalOptions {
  /** A run directory (its best checkpoint) or a checkpoint directory. */
  readonly source: string;
  readonly split: Split;
  readonly backend: string | undefined;
  /** The average where there is one, if not given. */
  readonly weights?: WeightsChoice | undefined;
  readonly threads: number;
}

export interface EvalResult extends SplitResult {
  readonly checkpoint: string;
  readonly step: number;
  /** Where the checkpoint has an average: whether it was evaluated. */
  readonly weights?: WeightsChoice;
  readonly split: Split;
  readonly backend: BackendName;
  readonly scores: Scores;
  /** `test` where the test set, by which the checkpoint was chosen, is evaluated: the figure is optimistic. */
  readonly chosen_on?: 'test';
}

interface Context {
  program?: Program;
  result?: SplitResult & { readonly scores: Scores };
}

/** Evaluates a checkpoint on a split of its data set, with the preprocessing that it was trained with. */
export async function evaluateCheckpoint(options: EvalOptions): Promise<EvalResult> {
  const { directory, step, plan, state, images, chosenOnTest, weights } = await openCheckpoint(
    options.source,
    options.backend,
    options.weights,
  );
  requireSplit(plan, options.split);
  const isOptimistic = options.split === 'test' && chosenOnTest;
  const threads = threadCount(options.threads);
  // Before the data set: a download is not worth its time where the backend is missing.
  const choice = await takeBackend(plan.config.backend, threads);
  const { training } = plan.config;
  const interrupt = new InterruptHandler();
  const context: Context = {};
  try {
    await runStages<Context>(
      [
        filesStage(plan, interrupt.signal),
        {
          title: 'Evaluate',
          run: async (stage, output) => {
            const source = await openSplit(plan, options.split, { file: images, log: output.line });
            stage.program = await withUserErrors(openProgram(plan, choice.name, threads, state), choice.name);
            const evaluated = await evaluate(
              stage.program,
              source,
              partSize(training),
              output,
              interrupt.stopRequested,
            );
            if (evaluated === null) throw new Interrupted();
            stage.result = { ...evaluated.result, scores: evaluated.scores };
            const { correct, count, accuracy, loss } = evaluated.result;
            return `loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)} (${grouped(correct)}/${grouped(count)} ${options.split} images)${describeWeights(weights)}${isOptimistic ? `; ${OPTIMISTIC}` : ''}`;
          },
        },
      ],
      context,
    );
  } finally {
    context.program?.dispose();
    interrupt.dispose();
  }
  return {
    checkpoint: directory,
    step,
    ...(weights && { weights }),
    split: options.split,
    backend: choice.name,
    ...(isOptimistic && { chosen_on: 'test' }),
    ...context.result!,
  };
}

function requireSplit({ dataset }: Plan, split: Split): void {
  if (dataset.count[split] > 0) return;
  throw new UserError('--split validation: the run has no validation split: it was chosen on the test set', {
    hint: 'Take --split test, or train with a share as dataset.validation.',
    exitCode: 2,
  });
}
