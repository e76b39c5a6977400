import type { Metadata } from 'sharp';
import type { ImageSize } from '../registry/datasets/facts.js';

/** Sizes told of by themselves. */
const SHOWN = 10;

/** The smallest, the middle and the largest of some numbers. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** What image files are like; each count is one of files. */
export interface FileFacts {
  readonly files: number;
  readonly formats: Readonly<Record<string, number>>;
  /** Pixels, as EXIF turns the image. */
  readonly width: Spread;
  readonly height: Spread;
  /** Width by height. */
  readonly aspect_ratio: Spread;
  /** The commonest sizes. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly files: number }[];
  readonly different_sizes: number;
  /** Lower or narrower than what the network reads: they are enlarged. */
  readonly enlarged: number;
  readonly turned_by_exif: number;
  readonly grey: number;
  readonly cmyk: number;
  readonly sixteen_bit: number;
  readonly transparent: number;
  readonly animated: number;
}

/** Gathers what the headers of image files say. */
export class FileTally {
  private readonly widths: number[] = [];
  private readonly heights: number[] = [];
  private readonly sizes = new Map<string, number>();
  private readonly formats = new Map<string, number>();
  private readonly counts = {
    enlarged: 0,
    turned_by_exif: 0,
    grey: 0,
    cmyk: 0,
    sixteen_bit: 0,
    transparent: 0,
    animated: 0,
  };

  /** @param record what images are resized to */
  constructor(private readonly record: ImageSize) {}

  add(header: Metadata): void {
    const orientation = header.orientation ?? 1;
    // From 5 on they lie on their side.
    const [width, height] = orientation >= 5 ? [header.height, header.width] : [header.width, header.height];
    this.widths.push(width);
    this.heights.push(height);
    increase(this.sizes, `${width} ${height}`);
    increase(this.formats, header.format === 'heif' ? 'avif' : header.format);
    const { counts, record } = this;
    counts.enlarged += Number(width < record.width || height < record.height);
    counts.turned_by_exif += Number(orientation > 1);
    counts.grey += Number(header.space === 'b-w' || header.space === 'grey16');
    counts.cmyk += Number(header.space === 'cmyk');
    counts.sixteen_bit += Number(header.depth === 'ushort');
    counts.transparent += Number(header.hasAlpha);
    counts.animated += Number((header.pages ?? 1) > 1 && header.format !== 'tiff');
  }

  /** Null where there was no file. */
  facts(): FileFacts | null {
    if (this.widths.length === 0) return null;
    const sizes = [...this.sizes].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return {
      files: this.widths.length,
      formats: Object.fromEntries([...this.formats].sort(([, m], [, n]) => n - m)),
      width: spread(this.widths),
      height: spread(this.heights),
      aspect_ratio: spread(this.widths.map((width, index) => width / this.heights[index]!)),
      sizes: sizes.slice(0, SHOWN).map(([size, files]) => {
        const [width, height] = size.split(' ').map(Number) as [number, number];
        return { width, height, files };
      }),
      different_sizes: sizes.length,
      ...this.counts,
    };
  }
}

export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { least: sorted[0]!, median, most: sorted.at(-1)! };
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
