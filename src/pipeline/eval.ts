import { ensureFiles } from '../data/ensure_files.js';
import { type LoadedDataset, loadRecords } from '../data/open.js';
import { Interrupted } from '../errors.js';
import type { Program } from '../model/program.js';
import { type BackendName, chooseBackend } from '../registry/backends/index.js';
import type { Split } from '../registry/datasets/dataset.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { downloadProgress } from './download_progress.js';
import { evaluate, type TestResult } from './evaluate.js';
import { grouped, percent } from './format.js';
import { InterruptHandler } from './interrupt.js';
import { openCheckpoint } from './open_checkpoint.js';
import { openProgram, requireBackend } from './open_program.js';
import { runStages } from './screen.js';
import { threadCount } from './threads.js';

/** What `gnet eval` was asked for. */
export interface EvalOptions {
  /** A run directory (its best checkpoint) or a checkpoint directory. */
  readonly source: string;
  readonly split: Split;
  readonly backend: string | undefined;
  readonly threads: number;
}

export interface EvalResult extends TestResult {
  readonly checkpoint: string;
  readonly step: number;
  readonly split: Split;
  readonly backend: BackendName;
}

interface Context {
  data?: LoadedDataset;
  program?: Program;
  result?: TestResult;
}

/** Evaluates a checkpoint on a split of its data set, with the preprocessing that it was trained with. */
export async function evaluateCheckpoint(options: EvalOptions): Promise<EvalResult> {
  const { directory, step, plan, state } = await openCheckpoint(options.source, options.backend);
  const choice = chooseBackend(plan.config.backend);
  const threads = threadCount(options.threads);
  // Before the data set: a download is not worth its time where the backend is missing.
  await requireBackend(choice.name, threads);
  const { dataset, seed, training } = plan.config;
  const interrupt = new InterruptHandler();
  const context: Context = {};
  try {
    await runStages<Context>(
      [
        {
          title: 'Data set',
          run: async (stage, output) => {
            const { onProgress, log } = downloadProgress(output);
            const entry = datasetEntry(dataset.type);
            const { detail } = await ensureFiles(entry, dataset, {
              signal: interrupt.signal,
              onProgress,
              log,
            });
            stage.data = await loadRecords(entry, dataset, seed);
            return detail;
          },
        },
        {
          title: 'Evaluate',
          run: async (stage, output) => {
            stage.program = await openProgram(plan, choice.name, threads, state);
            const records = stage.data![options.split];
            const evaluated = await evaluate(
              stage.program,
              records,
              training.batch_size,
              output,
              interrupt.stopRequested,
            );
            if (evaluated === null) throw new Interrupted();
            stage.result = evaluated.result;
            const { correct, count, accuracy, loss } = evaluated.result;
            return `loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)} (${grouped(correct)}/${grouped(count)} ${options.split} images)`;
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
    split: options.split,
    backend: choice.name,
    ...context.result!,
  };
}
