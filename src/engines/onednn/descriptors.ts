import type { Library, Pointer } from './library.js';

/** dnnl_data_type_t. */
const FLOAT32 = 3;

/** Layouts of feature maps that a part of the channels can be taken out of: plain, channels last, in blocks of channels. */
const FEATURE_MAPS = ['abcd', 'acdb', 'aBcd16b', 'aBcd8b'] as const;

/** Descriptors of float32 tensors: shape and layout. Each is made once and kept as long as the library. */
export class Descriptors {
  private readonly made = new Map<string, Pointer>();

  constructor(private readonly library: Library) {}

  /** In row-major order. */
  plain(shape: readonly number[]): Pointer {
    const strides = shape.map((_, axis) =>
      shape.slice(axis + 1).reduce((product, size) => product * size, 1),
    );
    return this.once(`plain ${shape}`, () =>
      this.library.make.memory_desc_create_with_strides(
        shape.length,
        int64s(shape),
        FLOAT32,
        int64s(strides),
      ),
    );
  }

  /** In whatever layout a primitive likes best. */
  any(shape: readonly number[]): Pointer {
    return this.tagged(shape, 'any');
  }

  /** A tensor of another shape in the layout of a feature map; undefined where it has none of the known ones. */
  like(layout: Pointer, of: readonly number[], shape: readonly number[]): Pointer | undefined {
    const tag =
      of.length === 4
        ? FEATURE_MAPS.find((each) => this.library.areEqual(layout, this.tagged(of, each)))
        : undefined;
    if (tag !== undefined) return this.tagged(shape, tag);
    return this.library.areEqual(layout, this.plain(of)) ? this.plain(shape) : undefined;
  }

  private tagged(shape: readonly number[], tag: string): Pointer {
    return this.once(`${tag} ${shape}`, () =>
      this.library.make.memory_desc_create_with_tag(
        shape.length,
        int64s(shape),
        FLOAT32,
        this.library.tag(tag),
      ),
    );
  }

  private once(key: string, make: () => Pointer): Pointer {
    let md = this.made.get(key);
    if (md === undefined) {
      md = make();
      this.made.set(key, md);
    }
    return md;
  }
}

/** Numbers as the library takes dimensions; the last one is there so that an empty list has an address, too. */
export function int64s(values: readonly number[]): BigInt64Array {
  return BigInt64Array.from([...values, 0], BigInt);
}
