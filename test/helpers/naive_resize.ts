import { type Plain, permute } from './plain.js';

/** A line resized in Pillow's integer arithmetic: weights of 22 binary places, and half of one added before they go. */
function resizeLine(line: readonly number[], size: number): number[] {
  const scale = line.length / size;
  const reach = Math.max(scale, 1);
  return Array.from({ length: size }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const weights = line.map((_pixel, at) => Math.max(0, 1 - Math.abs(at + 0.5 - centre) / reach));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const whole = weights.map((weight) => Math.round((weight / total) * 2 ** 22));
    return line.reduce((sum, pixel, at) => sum + pixel * whole[at]!, 2 ** 21) >> 22;
  });
}

/** The lines of the last axis resized, and the last two axes swapped. */
function resizeAndTurn({ shape, values }: Plain, size: number): Plain {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const numbers = Array.from(values);
  const lines = Array.from({ length: batch * channels * height }, (_, line) =>
    resizeLine(numbers.slice(line * width, (line + 1) * width), size),
  );
  return permute({ shape: [batch, channels, height, size], values: lines.flat() }, [0, 1, 3, 2]);
}

/** Images [batch, channels, height, width] resized by definition, width first. */
export function resized(images: Plain, height: number, width: number): Plain {
  return resizeAndTurn(resizeAndTurn(images, width), height);
}
