/** How values are spread: row-major float64 [buckets, 3], each row the left edge, the right edge and the count. */
export interface Histogram {
  readonly buckets: number;
  readonly rows: Float64Array;
}

/**
 * Counts values in equal buckets from the smallest to the largest, as TensorBoard's histogram plugin expects them;
 * where all are the same, in the last bucket. Values that are not finite are left out.
 */
export function histogram(values: Float32Array, buckets = 30): Histogram {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const rows = new Float64Array(buckets * 3);
  if (least > most) return { buckets, rows };
  const width = (most - least) / buckets;
  for (let bucket = 0; bucket < buckets; bucket++) {
    rows[bucket * 3] = least + bucket * width;
    rows[bucket * 3 + 1] = bucket + 1 === buckets ? most : least + (bucket + 1) * width;
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const bucket = width === 0 ? buckets : Math.floor((value - least) / width);
    rows[Math.min(bucket, buckets - 1) * 3 + 2]!++;
  }
  return { buckets, rows };
}
