/** A point of a curve; what x and y mean is the curve's affair. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** More points than that are noise in a chart, and bytes in a page. Even, so that it can be halved. */
const CAPACITY = 256;

/**
 * A curve of any length in bounded memory: each point is the mean (of x and of y) of `stride` consecutive values, and
 * stride doubles whenever there are CAPACITY points. Means, unlike every n-th value, keep the level of
 * noisy losses.
 */
export class Curve {
  /** Values that a point is the mean of. */
  stride = 1;
  private xs: number[] = [];
  private ys: number[] = [];
  private pendingX = 0;
  private pendingY = 0;
  private pending = 0;

  /** Adds a value; null (a number that was not finite) is left out. */
  add(x: number, y: number | null): void {
    if (y === null) return;
    this.pendingX += x;
    this.pendingY += y;
    if (++this.pending < this.stride) return;
    this.xs.push(this.pendingX / this.stride);
    this.ys.push(this.pendingY / this.stride);
    this.pendingX = this.pendingY = this.pending = 0;
    if (this.xs.length === CAPACITY) this.halve();
  }

  /** In the order in which they were added; the last one may be of fewer values. */
  points(): Point[] {
    const points = this.xs.map((x, i) => ({ x, y: this.ys[i]! }));
    if (this.pending > 0) points.push({ x: this.pendingX / this.pending, y: this.pendingY / this.pending });
    return points;
  }

  private halve(): void {
    const pairs = (values: readonly number[]) =>
      Array.from({ length: values.length / 2 }, (_, i) => (values[2 * i]! + values[2 * i + 1]!) / 2);
    this.xs = pairs(this.xs);
    this.ys = pairs(this.ys);
    this.stride *= 2;
  }
}
