import type { Photos } from './look_at_photos.js';

/** A network and how it is trained; `why` is said at the top of the config. */
export interface Choice {
  /** A file in `configs/`. */
  readonly base: string;
  readonly size: number;
  readonly keys: Readonly<Record<string, unknown>>;
  readonly why: string;
}

/** Images with a shorter side up to this are small: networks for photographs would halve them away. */
const SMALL = 48;
/** From here on a larger network has something to learn from. */
const MANY = 20_000;
/** Sides that a network for photographs is trained with; the largest that the images fill, as cost grows with its square. */
const SIZES = [128, 96, 64] as const;
/** Updates that a network needs to learn anything, however few the images are. */
const UPDATES = 2000;

/** A network that is trained from nothing. */
export function chooseNetwork({ shorter, count }: Pick<Photos, 'shorter' | 'count'>): Choice {
  const batch = batchSize(count.train);
  const keys = {
    'training.epochs': epochs(count.train, batch, [30, 100]),
    'training.batch_size': batch,
    // In proportion to the batch, from that of the configs in this package.
    'optimizer.learning_rate': (0.05 * batch) / 128,
  };
  if (shorter.median <= SMALL) {
    const why = `ResNet-18 with a stem for small images, as the middle of their shorter sides is ${shorter.median} pixels`;
    return { base: 'resnet18-cifar10.yaml', size: 32, keys, why };
  }
  const size = SIZES.find((side) => side <= shorter.median) ?? 64;
  const pixels = `${size} × ${size} pixels: images are that large, and 224 would take ${Math.round((224 / size) ** 2)} times as long`;
  return count.train < MANY
    ? {
        base: 'zoo/resnet18.yaml',
        size,
        keys,
        why: `ResNet-18, for fewer than 20,000 training images, at ${pixels}`,
      }
    : {
        base: 'zoo/resnet50.yaml',
        size,
        keys,
        why: `ResNet-50, for 20,000 training images and more, at ${pixels}`,
      };
}

export function batchSize(images: number): number {
  return Math.min(images, images < 500 ? 16 : images < 5000 ? 32 : 64);
}

/** So many that there are enough updates, within bounds. */
export function epochs(images: number, batch: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, Math.ceil(UPDATES / Math.ceil(images / batch))));
}
