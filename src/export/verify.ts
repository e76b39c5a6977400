import { withUserErrors } from '../backends/failure.js';
import { openProgram } from '../backends/open_program.js';
import { planeBytes } from '../data/source.js';
import { UserError } from '../errors.js';
import type { OpenedCheckpoint } from '../inference/open_checkpoint.js';
import type { Program } from '../model/program.js';
import type { BackendName } from '../registry/backends.js';
import { checkImages } from './check_images.js';
import type { OpenedExport } from './trace_prediction.js';

/** What another engine may be off by, as it sums in another order: of probabilities, and of logits as a share of the largest. */
const TOLERANCE = 1e-4;
/** Batches of different sizes: an export takes any. */
const BATCHES = [1, 3];

/**
 * Compares an exported model with the model itself on a backend, and closes it. The logits tell most: where a class is
 * nearly certain, probabilities hide what is wrong with them.
 * @returns a sentence on how close they are
 * @throws UserError where they disagree, or the backend fails
 */
export async function verifyExport(
  { plan, state, images: listed }: OpenedCheckpoint,
  exported: OpenedExport,
  backend: BackendName,
): Promise<string> {
  const differences: [logits: Difference, probabilities: Difference] = [NONE, NONE];
  let description = '';
  let program: Program | undefined;
  try {
    program = await withUserErrors(openProgram(plan, backend, 0, state), backend);
    const images = await checkImages(
      plan,
      BATCHES.reduce((sum, size) => sum + size, 0),
      listed,
    );
    description = images.description;
    let first = 0;
    for (const size of BATCHES) {
      const bytes = planeBytes(plan.dataset.image);
      const planes = images.planes.slice(first * bytes, (first + size) * bytes);
      const expected = await program.evaluate({ size, images: planes, labels: new Int32Array(size) });
      const actual = await exported.predict(planes, size);
      differences[0] = worse(differences[0], actual.logits, expected.logits);
      differences[1] = worse(differences[1], actual.probabilities, expected.probabilities);
      first += size;
    }
  } finally {
    program?.dispose();
    await exported.release();
  }
  const [logits, probabilities] = differences;
  // All of them may be 0.
  const share = logits.largest === 0 ? logits.worst : logits.worst / logits.largest;
  requireClose(share, `logits of the model on ${backend} within ${TOLERANCE} of the largest one`);
  requireClose(probabilities.worst, `probabilities of the model on ${backend} within ${TOLERANCE}`);
  const text = (value: number) => value.toExponential(1);
  return `logits of ${description} within ${text(share)} of the largest one on ${backend}, probabilities within ${text(probabilities.worst)}`;
}

/** Between what was computed and what was expected, so far. */
interface Difference {
  readonly worst: number;
  /** Of what was expected, without its sign. */
  readonly largest: number;
}

const NONE: Difference = { worst: 0, largest: 0 };

/** NaN where there are more or fewer numbers than expected, or one is NaN. */
function worse(before: Difference, actual: Float32Array, expected: Float32Array): Difference {
  if (actual.length !== expected.length) return { worst: Number.NaN, largest: Number.NaN };
  return {
    worst: Math.max(before.worst, ...expected.map((value, index) => Math.abs(actual[index]! - value))),
    largest: Math.max(before.largest, ...expected.map(Math.abs)),
  };
}

function requireClose(difference: number, expected: string): void {
  // Not "greater than": NaN must fail.
  if (difference <= TOLERANCE) return;
  throw new UserError(`export: expected the ${expected}, got a difference of ${difference}`, {
    hint: 'Nothing was written. This is a defect of gnet: please report it with the config.',
  });
}
