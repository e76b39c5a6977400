import { loadPlan } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { epochBatches } from '../data/epoch_batches.js';
import type { LoadedDataset } from '../data/open.js';
import { dataStages } from '../data/stages.js';
import { Interrupted, UserError } from '../errors.js';
import { learningRate } from '../model/learning_rate.js';
import { drawMasks } from '../model/masks.js';
import { copyState, initialState } from '../model/state.js';
import type { BackendName } from '../registry/backends.js';
import { InterruptHandler } from '../terminal/interrupt.js';
import { runStages, type Stage } from '../terminal/screen.js';
import type { StageOutput, StopRequested } from '../terminal/stage.js';
import { compareTraining, type Trained, type Verification } from './compare_training.js';
import { withUserErrors } from './failure.js';
import { openProgram, requireBackend, takeBackend } from './open_program.js';
import { threadCount } from './threads.js';

/** What `gnet verify` was asked for. */
export interface VerifyOptions {
  readonly config: string;
  readonly sets: readonly string[];
  /** The backend to compare with. */
  readonly against: BackendName;
  readonly steps: number;
  readonly tolerance: number;
  /** Threads of one operation; 0 takes one for each physical core. */
  readonly threads: number;
}

interface Context {
  data?: LoadedDataset;
  readonly trained: Trained[];
}

/**
 * Trains the first steps on two backends, from the same parameters, with the same batches and masks, and compares.
 * @throws UserError where a backend cannot run here, or fails
 */
export async function verifyBackends(options: VerifyOptions): Promise<Verification> {
  const { plan } = await loadPlan(options.config, options.sets);
  const threads = threadCount(options.threads);
  const { name } = await takeBackend(plan.config.backend, threads);
  const pair = [name, options.against] as const;
  if (name === options.against) {
    throw new UserError(`--against ${name}: expected another backend than the one that is verified`, {
      hint: 'Name that one with --backend.',
      exitCode: 2,
    });
  }
  await requireBackend(options.against, threads);
  const interrupt = new InterruptHandler();
  const context: Context = { trained: [] };
  const stages: Stage<Context>[] = [
    ...dataStages<Context>(plan, interrupt.signal),
    ...pair.map((backend) => ({
      title: backend,
      run: async ({ data, trained }: Context, output: StageOutput) => {
        trained.push(
          await trainSteps(plan, data!, backend, { ...options, threads }, output, interrupt.stopRequested),
        );
        return `${options.steps} steps, loss ${trained.at(-1)!.losses.at(-1)!.toFixed(4)}`;
      },
    })),
  ];
  try {
    await runStages(stages, context);
  } finally {
    interrupt.dispose();
  }
  const [first, second] = context.trained;
  return compareTraining(pair, [first!, second!], options.tolerance);
}

async function trainSteps(
  plan: Plan,
  data: LoadedDataset,
  backend: BackendName,
  { steps, threads }: VerifyOptions,
  output: StageOutput,
  stopRequested: StopRequested,
): Promise<Trained> {
  const opened = await openProgram(plan, backend, threads, initialState(plan));
  const program = withUserErrors(opened, backend);
  const losses: number[] = [];
  try {
    for (let epoch = 1; losses.length < steps; epoch++) {
      let first = 0;
      for await (const batch of epochBatches(plan, data, { epoch, step_in_epoch: 0 })) {
        const masks = drawMasks(plan, epoch, first, batch.size);
        const update = { step: losses.length + 1, learningRate: learningRate(plan, losses.length) };
        losses.push((await program.backward(batch, masks)).loss);
        await program.update(update);
        output.progress({ share: losses.length / steps, facts: [`step ${losses.length} of ${steps}`] });
        if (await stopRequested()) throw new Interrupted();
        if (losses.length === steps) break;
        first += batch.size;
      }
    }
    return { losses, state: copyState(await program.state()) };
  } finally {
    program.dispose();
  }
}
