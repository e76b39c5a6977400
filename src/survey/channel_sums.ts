import { planeBytes } from '../data/source.js';
import type { ImageSize } from '../registry/datasets/facts.js';

/** Mean and standard deviation of each channel, on the scale 0 to 1: what `input.normalize` takes. */
export interface ChannelMoments {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Images that they were taken from. */
  readonly images: number;
}

/** Sums up pixel values by channel, in whole numbers: the order of the images changes nothing. */
export class ChannelSums {
  private readonly sums: number[];
  private readonly squares: number[];
  private images = 0;

  constructor(private readonly image: ImageSize) {
    this.sums = new Array<number>(image.channels).fill(0);
    this.squares = new Array<number>(image.channels).fill(0);
  }

  /** @param planes uint8 [channels, height, width] */
  add(planes: Uint8Array): void {
    const area = planeBytes(this.image) / this.image.channels;
    this.images++;
    for (let channel = 0; channel < this.image.channels; channel++) {
      let sum = 0;
      let square = 0;
      for (let i = channel * area; i < (channel + 1) * area; i++) {
        const value = planes[i]!;
        sum += value;
        square += value * value;
      }
      this.sums[channel]! += sum;
      this.squares[channel]! += square;
    }
  }

  /** Of all pixels so far; null where there are none. */
  moments(): ChannelMoments | null {
    if (this.images === 0) return null;
    const pixels = (this.images * planeBytes(this.image)) / this.image.channels;
    const mean = this.sums.map((sum) => sum / pixels / 255);
    const std = this.squares.map((square, channel) =>
      Math.sqrt(Math.max(0, square / pixels / 255 ** 2 - mean[channel]! ** 2)),
    );
    return { mean, std, images: this.images };
  }
}

/** As `input.normalize` takes them, to four digits; a channel that is the same everywhere has nothing to divide by. */
export function normalization({ mean, std }: Pick<ChannelMoments, 'mean' | 'std'>) {
  const rounded = (value: number) => Number(value.toFixed(4));
  return { mean: mean.map(rounded), std: std.map((value) => rounded(value) || 1) };
}
