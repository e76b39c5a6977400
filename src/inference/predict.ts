import { join } from 'node:path';
import { withUserErrors } from '../backends/failure.js';
import { openProgram, takeBackend } from '../backends/open_program.js';
import { threadCount } from '../backends/threads.js';
import type { Plan } from '../config/resolve.js';
import { printable } from '../config/words.js';
import { readImage } from '../data/image.js';
import { imageFiles } from '../data/image_files.js';
import { openSplit } from '../data/open.js';
import { Interrupted, UserError } from '../errors.js';
import type { Program } from '../model/program.js';
import { evaluate, toStored } from '../pipeline/evaluation.js';
import type { BackendName } from '../registry/backends.js';
import { predictionsPage } from '../report/predictions_page.js';
import { writeNewFile } from '../storage/atomic.js';
import { requireNewDirectory, writeNewDirectory } from '../storage/new_directory.js';
import { grouped, percent } from '../terminal/format.js';
import { InterruptHandler } from '../terminal/interrupt.js';
import { runStages, type Stage } from '../terminal/screen.js';
import type { StageOutput, StopRequested } from '../terminal/stage.js';
import { textTable } from '../terminal/table.js';
import { classifyImages, type Predicted, type Unreadable } from './classify_images.js';
import {
  describeWeights,
  type OpenedCheckpoint,
  openCheckpoint,
  type WeightsChoice,
} from './open_checkpoint.js';
import { predictionsCsv, predictionsJsonl } from './prediction_files.js';
import { sortImages } from './sort_images.js';
import { chooseThreshold, type Threshold, UNKNOWN } from './threshold.js';

/** What `gnet predict` was asked for. */
export interface PredictOptions {
  /** A run directory (its best checkpoint) or a checkpoint directory. */
  readonly source: string;
  /** Files, and directories of them. */
  readonly images: readonly string[];
  /** How many classes to tell of each image; more than there are stands for all. */
  readonly topK: number;
  /** Without it, every image has a class. */
  readonly threshold?: Threshold | undefined;
  /** A new directory for predictions.csv, predictions.jsonl and index.html. */
  readonly output?: string | undefined;
  /** A new directory that the images are sorted into by class, as copies or as links. */
  readonly into?: string | undefined;
  /** Symbolic links in place of copies. */
  readonly link?: boolean;
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
  /** Below which probability images are unknown, where that was asked for. */
  readonly threshold?: number;
  /** Files in the directories that are no images. */
  readonly others: readonly string[];
}

interface Context {
  program?: Program;
  images: PredictResult['images'];
  others: readonly string[];
  threshold: number;
}

/** Classifies image files with a checkpoint. One that cannot be read does not keep the others from their answers. */
export async function predictImages(options: PredictOptions): Promise<PredictResult> {
  const { output, into, link = false, topK } = options;
  // First: nothing is computed for a place that cannot be written.
  if (output !== undefined) await requireNewDirectory('--output', output);
  if (into !== undefined) await requireNewDirectory('--into', into);
  const model = await openCheckpoint(options.source, options.backend, options.weights);
  const { directory, step, plan, state, weights } = model;
  requireFreeName(plan, options.threshold);
  const threads = threadCount(options.threads);
  const choice = await takeBackend(plan.config.backend, threads);
  const interrupt = new InterruptHandler();
  const context: Context = { images: [], others: [], threshold: 0 };
  const { stopRequested } = interrupt;
  const open: Stage<Context> = {
    title: 'Model',
    run: async (stage) => {
      stage.program = await withUserErrors(openProgram(plan, choice.name, threads, state), choice.name);
      return `${directory}, step ${grouped(step)}${describeWeights(weights)}, on ${choice.name} (${choice.reason})`;
    },
  };
  const threshold: Stage<Context> = {
    title: 'Threshold',
    run: async (stage, screen) => {
      const { threshold: asked = 0 } = options;
      stage.threshold =
        asked === 'auto' ? await thresholdOf(stage.program!, model, screen, stopRequested) : asked;
      return `what is less probable than ${percent(stage.threshold)} is ${UNKNOWN}`;
    },
  };
  const classify: Stage<Context> = {
    title: 'Predict',
    run: async (stage, screen) => {
      const { files, others } = await imageFiles(options.images);
      const answers = { topK, threshold: stage.threshold };
      stage.others = others;
      stage.images = await classifyImages(stage.program!, plan, files, answers, screen, stopRequested);
      const failed = unreadable(stage.images).length;
      return `${grouped(files.length - failed)} of ${grouped(files.length)} images classified`;
    },
  };
  const write: Stage<Context> = {
    title: 'Write',
    run: async ({ images, others }) => {
      if (into !== undefined) await sortImages(into, images.filter(isPredicted), link, stopRequested);
      if (output !== undefined) {
        await writeNewDirectory('--output', output, (path) => writeFiles(path, model, images, others));
      }
      return [output, into].filter((each) => each !== undefined).join(', ');
    },
  };
  const writes = output !== undefined || into !== undefined;
  try {
    await runStages(
      [open, ...(options.threshold === undefined ? [] : [threshold]), classify, ...(writes ? [write] : [])],
      context,
    );
  } finally {
    context.program?.dispose();
    interrupt.dispose();
  }
  const { images, others } = context;
  const asked = options.threshold === undefined ? {} : { threshold: context.threshold };
  const averaged = weights && { weights };
  return { checkpoint: directory, step, ...averaged, backend: choice.name, ...asked, images, others };
}

function isPredicted(image: Predicted | Unreadable): image is Predicted {
  return 'predictions' in image;
}

/** A class of that name could not be told from images that are unknown. */
function requireFreeName({ dataset }: Plan, threshold: Threshold | undefined): void {
  if (threshold === undefined || !dataset.classes.includes(UNKNOWN)) return;
  throw new UserError(
    `--threshold: expected a model without a class that is called ${UNKNOWN}, got one with it`,
    {
      exitCode: 2,
    },
  );
}

async function thresholdOf(
  program: Program,
  { plan, images }: OpenedCheckpoint,
  output: StageOutput,
  stopRequested: StopRequested,
): Promise<number> {
  if (plan.dataset.count.validation === 0) {
    throw new UserError('--threshold auto: expected a run with validation images, got one that has none', {
      hint: 'Name a probability from 0 to 1.',
      exitCode: 2,
    });
  }
  const source = await openSplit(plan, 'validation', { file: images, log: output.line });
  const evaluated = await evaluate(program, source, plan.config.training.batch_size, output, stopRequested);
  if (evaluated === null) throw new Interrupted();
  return chooseThreshold(toStored(evaluated.predictions));
}

async function writeFiles(
  directory: string,
  { plan, directory: checkpoint }: OpenedCheckpoint,
  images: PredictResult['images'],
  others: readonly string[],
): Promise<void> {
  const { image } = plan.dataset;
  await writeNewFile(join(directory, 'predictions.csv'), predictionsCsv(images));
  await writeNewFile(join(directory, 'predictions.jsonl'), predictionsJsonl(images));
  const text = await predictionsPage({
    checkpoint,
    images: images.filter(isPredicted),
    missing: [...unreadable(images), ...others.map((file) => `${printable(file)}: no image`)],
    image,
    read: (file) => readImage(file, image),
  });
  await writeNewFile(join(directory, 'index.html'), text);
}

/** A line for each image that was read: its name, then the most probable classes. */
export function predictionTable(images: PredictResult['images']): string {
  const rows = images
    .filter((image) => 'predictions' in image)
    .map(({ file, predictions, class: answer }) => [
      printable(file),
      ...(answer === predictions[0]!.class ? [] : [answer, '']),
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
