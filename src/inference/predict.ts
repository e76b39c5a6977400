import { withUserErrors } from '../backends/failure.js';
import { openProgram, takeBackend } from '../backends/open_program.js';
import { threadCount } from '../backends/threads.js';
import { printable } from '../config/words.js';
import { imageFiles } from '../data/image_files.js';
import type { Program } from '../model/program.js';
import type { BackendName } from '../registry/backends.js';
import { grouped, percent } from '../terminal/format.js';
import { InterruptHandler } from '../terminal/interrupt.js';
import { runStages } from '../terminal/screen.js';
import { textTable } from '../terminal/table.js';
import { classifyImages, type Predicted, type Unreadable } from './classify_images.js';
import { describeWeights, openCheckpoint, type WeightsChoice } from './open_checkpoint.js';

/** What `gnet predict` was asked for. */
export interface PredictOptions {
  /** A run directory (its best checkpoint) or a checkpoint directory. */
  readonly source: string;
  /** Files, and directories of them. */
  readonly images: readonly string[];
  /** How many classes to tell of each image; more than there are stands for all. */
  readonly topK: number;
  readonly backend: string | undefined;
  /** The average where there is one, if not given. */
  readonly weights?: WeightsChoice | undefined;
  readonly threads: number;
}

export interface PredictResult {
  readonly checkpoint: string;
  readonly step: number;
  /** Where the checkpoint has an average: whether it was taken. */
  readonly weights?: WeightsChoice;
  readonly backend: BackendName;
  readonly images: readonly (Predicted | Unreadable)[];
}

interface Context {
  program?: Program;
  images: PredictResult['images'];
}

/** Classifies image files with a checkpoint. One that cannot be read does not keep the others from their answers. */
export async function predictImages(options: PredictOptions): Promise<PredictResult> {
  const { directory, step, plan, state, weights } = await openCheckpoint(
    options.source,
    options.backend,
    options.weights,
  );
  const threads = threadCount(options.threads);
  const choice = await takeBackend(plan.config.backend, threads);
  const interrupt = new InterruptHandler();
  const context: Context = { images: [] };
  try {
    await runStages<Context>(
      [
        {
          title: 'Model',
          run: async (stage) => {
            stage.program = await withUserErrors(openProgram(plan, choice.name, threads, state), choice.name);
            return `${directory}, step ${grouped(step)}${describeWeights(weights)}, on ${choice.name} (${choice.reason})`;
          },
        },
        {
          title: 'Predict',
          run: async (stage, output) => {
            const files = await imageFiles(options.images);
            const { stopRequested } = interrupt;
            const { topK } = options;
            stage.images = await classifyImages(stage.program!, plan, files, topK, output, stopRequested);
            const failed = unreadable(stage.images).length;
            return `${grouped(files.length - failed)} of ${grouped(files.length)} images classified`;
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
    backend: choice.name,
    images: context.images,
  };
}

/** A line for each image that was read: its name, then the most probable classes. */
export function predictionTable(images: PredictResult['images']): string {
  const rows = images
    .filter((image) => 'predictions' in image)
    .map(({ file, predictions }) => [
      printable(file),
      ...predictions.flatMap((prediction) => [prediction.class, percent(prediction.probability)]),
    ]);
  const columns = Math.max(0, ...rows.map((cells) => cells.length));
  const probabilities = Array.from({ length: columns }, (_, column) => column).filter(
    (column) => column > 0 && column % 2 === 0,
  );
  return textTable(rows, probabilities).join('\n');
}

/** A line for each image that was not read. */
export function unreadable(images: PredictResult['images']): string[] {
  return images.flatMap((image) => ('error' in image ? [printable(image.error)] : []));
}
