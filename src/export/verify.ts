import { openProgram } from '../backends/open_program.js';
import { planeBytes } from '../data/source.js';
import { UserError } from '../errors.js';
import type { OpenedCheckpoint } from '../inference/open_checkpoint.js';
import type { Program } from '../model/program.js';
import { randomStream } from '../random.js';
import type { BackendName } from '../registry/backends.js';
import type { OpenedExport } from './trace_prediction.js';

/** What another engine may be off by: it sums in another order. */
const TOLERANCE = 1e-4;
/** Batches of different sizes: an export takes any. */
const BATCHES = [1, 3];

/**
 * Compares an exported model on random images with the model itself on a backend, and closes it.
 * @returns a sentence on how close they are
 * @throws UserError where they disagree
 */
export async function verifyExport(
  { plan, state }: OpenedCheckpoint,
  exported: OpenedExport,
  backend: BackendName,
): Promise<string> {
  let program: Program | undefined;
  let worst = 0;
  try {
    program = await openProgram(plan, backend, 0, state);
    for (const size of BATCHES) {
      const random = randomStream(0, 'export', size);
      const images = new Uint8Array(size * planeBytes(plan.dataset.image));
      for (let i = 0; i < images.length; i++) images[i] = random.integer(i, 256);
      const { probabilities } = await program.evaluate({ size, images, labels: new Int32Array(size) });
      worst = Math.max(worst, worstDifference(await exported.probabilities(images, size), probabilities));
    }
  } finally {
    program?.dispose();
    await exported.release();
  }
  // Not "greater than": NaN must fail.
  if (!(worst <= TOLERANCE)) {
    throw new UserError(
      `export: expected the probabilities of the model on ${backend} within ${TOLERANCE}, got a difference of ${worst}`,
      { hint: 'Nothing was written. This is a defect of gnet: please report it with the config.' },
    );
  }
  const count = BATCHES.reduce((sum, size) => sum + size, 0);
  return `probabilities of ${count} random images within ${worst.toExponential(1)} of those on ${backend}`;
}

function worstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  return Math.max(...Array.from(expected, (value, index) => Math.abs(actual[index]! - value)));
}
