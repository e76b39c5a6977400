import type { Plan } from '../config/resolve.js';
import { batchAt, epochAugment } from '../data/batches.js';
import { openSplit } from '../data/open.js';
import type { Images } from './looked_at.js';

/** Classes that are shown, and training images of each: the page stays of a size that opens. */
const CLASSES = 40;
const EACH = 4;

/** Training images of one class, uint8 planes [count, channels, height, width]. */
export interface ClassExamples {
  readonly name: string;
  readonly count: number;
  readonly before: Uint8Array;
  /** As the first epoch changes them. */
  readonly after: Uint8Array;
}

/** The first training images of each class, before and after the augmentation of the first epoch. */
export async function readExamples(
  plan: Plan,
  images: Images,
  readable: Uint8Array,
): Promise<ClassExamples[]> {
  const source = await openSplit(plan, 'train');
  const examples: ClassExamples[] = [];
  const chosen = firstOfEach(plan, images, readable);
  for (const [label, name] of plan.dataset.classes.slice(0, CLASSES).entries()) {
    const order = Uint32Array.from(chosen.get(label) ?? []);
    if (order.length === 0) continue;
    const batch = { source, order, batchSize: order.length };
    const augment = epochAugment(plan.config, plan.dataset.image, 1);
    const before = await batchAt({ ...batch, augment: [] }, 0);
    const after = await batchAt({ ...batch, augment }, 0);
    // Images: features are no images, and these are of the data set itself.
    examples.push({
      name,
      count: order.length,
      before: before.images as Uint8Array,
      after: after.images as Uint8Array,
    });
  }
  return examples;
}

function firstOfEach(plan: Plan, { labels, ends }: Images, readable: Uint8Array): Map<number, number[]> {
  const chosen = new Map<number, number[]>();
  for (let index = 0; index < ends.train; index++) {
    const label = labels[index]!;
    const ofClass = chosen.get(label) ?? [];
    if (!readable[index] || label >= Math.min(CLASSES, plan.dataset.classes.length)) continue;
    if (ofClass.length < EACH) chosen.set(label, [...ofClass, index]);
  }
  return chosen;
}
