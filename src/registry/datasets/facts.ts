import { Type } from '../schema.js';

/** The parts that the images of a run are in. */
export type Split = 'train' | 'validation' | 'test';

/** Size of one image; pixels are uint8 in planes: channels × height × width. */
export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** What a data set has: an entry tells it for its options. */
export interface DatasetContents {
  /** Names of the classes, in the order of the labels. */
  readonly classes: readonly string[];
  readonly image: ImageSize;
  /** Images of each of its splits, before any limit. */
  readonly count: Readonly<Record<'train' | 'test', number>>;
}

/** What a run knows of its data; stored in plan.json and in every checkpoint, and read there from then on. */
export interface DatasetFacts {
  /** Names of the classes, in the order of the labels. */
  readonly classes: readonly string[];
  /** Size of an image as stored. */
  readonly image: ImageSize;
  /** Images of each split as the run uses them; none for validation where the test set stands in. */
  readonly count: Readonly<Record<Split, number>>;
  /** The split that each epoch is evaluated on, and by which the best one is chosen. */
  readonly chosenOn: Exclude<Split, 'train'>;
}

const closed = { additionalProperties: false };
// Indices are uint32.
const count = (minimum: number) => Type.Integer({ minimum, maximum: 2 ** 32 - 1 });
const pixels = Type.Integer({ minimum: 1, maximum: 4096 });

/** Facts in a file, which may be damaged or made up: names go to terminals, sizes decide how much memory is taken. */
export const DatasetFactsSchema = Type.Unsafe<DatasetFacts>(
  Type.Object(
    {
      classes: Type.Array(Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]{1,1000}$' }), {
        minItems: 1,
        maxItems: 2 ** 20,
      }),
      image: Type.Object({ channels: Type.Unsafe({ enum: [1, 3] }), height: pixels, width: pixels }, closed),
      count: Type.Object({ train: count(1), validation: count(0), test: count(1) }, closed),
      chosenOn: Type.Unsafe({ enum: ['validation', 'test'] }),
    },
    closed,
  ),
);
