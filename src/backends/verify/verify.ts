import { loadPlan } from '../../config/load_plan.js';
import { filesStage } from '../../data/stages.js';
import { UserError } from '../../errors.js';
import type { BackendName } from '../../registry/backends.js';
import { InterruptHandler } from '../../terminal/interrupt.js';
import { runStages, type Stage } from '../../terminal/screen.js';
import type { StageOutput } from '../../terminal/stage.js';
import { diagnose } from '../diagnose.js';
import { UnusableBackend } from '../diagnosis.js';
import { probe } from '../doctor/probe.js';
import { takeBackend } from '../open_program.js';
import { examineSystem } from '../system.js';
import { reinstallCommand } from '../tensorflow.js';
import { threadCount } from '../threads.js';
import { compareTraining, type Trained, type Verification } from './compare_training.js';
import { trainInProcess } from './process.js';

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
  readonly trained: Trained[];
}

/**
 * Trains the first steps on two backends, from the same parameters, with the same batches and masks, and compares. Each
 * has processes of its own, and this one loads neither: any two can be compared.
 * @throws UserError where a backend cannot run here, or fails
 */
export async function verifyBackends(
  options: VerifyOptions,
  parts = { probe, trainInProcess },
): Promise<Verification> {
  const { plan } = await loadPlan(options.config, options.sets);
  const { against, steps } = options;
  const threads = threadCount(options.threads);
  const require = async (backend: BackendName) => {
    const result = await parts.probe({ backend, threads, config: null });
    if (!('failure' in result)) return;
    const facts = { system: await examineSystem(), reinstall: reinstallCommand(backend) };
    throw new UnusableBackend(backend, diagnose(result.failure, facts));
  };
  const { name } = await takeBackend(plan.config.backend, threads, require);
  const pair = [name, against] as const;
  if (name === against) {
    throw new UserError(`--against ${name}: expected another backend than the one that is verified`, {
      hint: 'Name that one with --backend.',
      exitCode: 2,
    });
  }
  await require(against);
  const interrupt = new InterruptHandler();
  const { signal } = interrupt;
  const context: Context = { trained: [] };
  const stages: Stage<Context>[] = [
    filesStage(plan, signal),
    ...pair.map((backend) => ({
      title: backend,
      run: async ({ trained }: Context, output: StageOutput) => {
        const onStep = (step: number) =>
          output.progress({ share: step / steps, facts: [`step ${step} of ${steps}`] });
        const { config, dataset } = plan;
        const request = { backend, config, dataset, steps, threads };
        trained.push(await parts.trainInProcess(request, { signal, onStep }));
        return `${steps} ${steps === 1 ? 'step' : 'steps'}, loss ${trained.at(-1)!.losses.at(-1)!.toFixed(4)}`;
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
