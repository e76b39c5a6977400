import { partSize } from '../config/part_size.js';
import type { Plan } from '../config/resolve.js';
import { readImage } from '../data/image.js';
import type { ImageFile } from '../data/image_files.js';
import { planeBytes } from '../data/source.js';
import { Interrupted, UserError } from '../errors.js';
import type { Program } from '../model/program.js';
import type { StageOutput, StopRequested } from '../terminal/stage.js';
import { UNKNOWN } from './threshold.js';

/** What the model says of one image: the most probable class first. */
export interface Predicted {
  readonly file: string;
  /** The most probable class, or that it is unknown: see `Threshold`. */
  readonly class: string;
  readonly predictions: readonly { readonly class: string; readonly probability: number }[];
}

/** An image that could not be read, and why. */
export interface Unreadable {
  readonly file: string;
  readonly error: string;
}

/**
 * Reads images one after the other, so that a single one is held decoded, and runs them in batches of the size that
 * the model was trained with.
 * @param topK how many classes to tell of each image
 * @param threshold an image whose most probable class is less probable is unknown
 * @throws Interrupted where the user asked to stop
 */
export async function classifyImages(
  program: Program,
  plan: Plan,
  files: readonly ImageFile[],
  { topK, threshold }: { readonly topK: number; readonly threshold: number },
  output: StageOutput,
  stopRequested: StopRequested,
): Promise<(Predicted | Unreadable)[]> {
  const bytes = planeBytes(plan.dataset.image);
  const batchSize = Math.min(partSize(plan.config.training), files.length);
  const batch = new Uint8Array(batchSize * bytes);
  const results: (Predicted | Unreadable)[] = [];
  let waiting: number[] = [];
  for (const [index, { file, error }] of files.entries()) {
    const image = error ?? (await read(file, plan));
    if (typeof image === 'string') results[index] = { file, error: image };
    else {
      batch.set(image, waiting.length * bytes);
      waiting.push(index);
    }
    const isLast = index === files.length - 1;
    if (waiting.length === batchSize || (isLast && waiting.length > 0)) {
      const images = batch.subarray(0, waiting.length * bytes);
      const answers = await classify(program, plan, images, waiting.length, topK);
      for (const [i, at] of waiting.entries()) {
        const predictions = answers[i]!;
        const [first] = predictions;
        const answer = first!.probability < threshold ? UNKNOWN : first!.class;
        results[at] = { file: files[at]!.file, class: answer, predictions };
      }
      waiting = [];
    }
    if (await stopRequested()) throw new Interrupted();
    const done = index + 1;
    output.progress({ share: done / files.length, facts: [`${done}/${files.length} images`] });
  }
  return results;
}

/** The pixels, or what is wrong with the file. */
async function read(file: string, plan: Plan): Promise<Uint8Array | string> {
  try {
    return await readImage(file, plan.dataset.image);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function classify(
  program: Program,
  { dataset: { classes } }: Plan,
  images: Uint8Array,
  size: number,
  topK: number,
): Promise<Predicted['predictions'][]> {
  // An evaluation also tells losses, which need labels; nobody reads them here.
  const { probabilities } = await program.evaluate({ size, images, labels: new Int32Array(size) });
  return Array.from({ length: size }, (_, i) =>
    classes
      .map((name, index) => ({ class: name, probability: probabilities[i * classes.length + index]! }))
      .toSorted((a, b) => b.probability - a.probability)
      .slice(0, topK),
  );
}
