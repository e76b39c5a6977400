import { elements, type Plain } from './plain.js';

/**
 * Convolution and pooling by their definitions, in loops, as torch.nn.functional computes them: the reference that the
 * backends are compared with. Feature maps are [batch, channels, height, width], filters [out, in, height, width].
 */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Pixels added above and on the left, and as many below and on the right where `paddingEnd` says nothing else. */
  readonly padding: readonly [number, number];
  readonly paddingEnd?: readonly [number, number];
  /** Distance of the pixels that a window reads; 1 if not given. */
  readonly dilation?: readonly [number, number];
}

type Shape4D = [number, number, number, number];

export function outputSize(size: number, axis: 0 | 1, window: Window): number {
  const { kernel, stride, padding, paddingEnd = padding, dilation = [1, 1] } = window;
  const reach = dilation[axis] * (kernel[axis] - 1) + 1;
  return Math.floor((size + padding[axis] + paddingEnd[axis] - reach) / stride[axis]) + 1;
}

/** One meeting of the window's pixel `tap` with pixel `source` of an input plane, for pixel `target` of the output. */
interface Meeting {
  readonly target: number;
  readonly tap: number;
  readonly source: number;
}

/** Every meeting outside of the padding; those of one target are in row-major order of the window. */
function meetings(height: number, width: number, window: Window): Meeting[] {
  const { kernel, stride, padding, dilation = [1, 1] } = window;
  const found: Meeting[] = [];
  const outWidth = outputSize(width, 1, window);
  for (let oy = 0; oy < outputSize(height, 0, window); oy++)
    for (let ox = 0; ox < outWidth; ox++)
      for (let ky = 0; ky < kernel[0]; ky++)
        for (let kx = 0; kx < kernel[1]; kx++) {
          const y = oy * stride[0] + ky * dilation[0] - padding[0];
          const x = ox * stride[1] + kx * dilation[1] - padding[1];
          if (y < 0 || y >= height || x < 0 || x >= width) continue;
          found.push({ target: oy * outWidth + ox, tap: ky * kernel[1] + kx, source: y * width + x });
        }
  return found;
}

function outputShape([batch, , height, width]: Shape4D, channels: number, window: Window): Shape4D {
  return [batch, channels, outputSize(height, 0, window), outputSize(width, 1, window)];
}

/** Calls `visit` with the index into x, the filter and the output for each product of a convolution. */
function products(
  x: Plain,
  filter: Plain,
  window: Window,
  visit: (x: number, filter: number, y: number) => void,
): Shape4D {
  const [batch, inputs, height, width] = x.shape as Shape4D;
  const [outputs, inGroup, kernelHeight, kernelWidth] = filter.shape as Shape4D;
  const shape = outputShape(x.shape as Shape4D, outputs, window);
  const met = meetings(height, width, window);
  const outPlane = shape[2] * shape[3];
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inGroup; i++)
        for (const { target, tap, source } of met)
          visit(
            (n * inputs + Math.floor((o * inputs) / outputs / inGroup) * inGroup + i) * height * width +
              source,
            (o * inGroup + i) * kernelHeight * kernelWidth + tap,
            (n * outputs + o) * outPlane + target,
          );
  return shape;
}

/** As torch.nn.functional.conv2d; the filter's shape tells the groups. */
export function convolution(x: Plain, filter: Plain, bias: Plain | null, window: Window): Plain {
  const shape = outputShape(x.shape as Shape4D, filter.shape[0]!, window);
  const plane = shape[2] * shape[3];
  const values = Float64Array.from({ length: elements(shape) }, (_, index) =>
    bias ? bias.values[Math.floor(index / plane) % shape[1]]! : 0,
  );
  products(x, filter, window, (i, f, o) => {
    values[o]! += x.values[i]! * filter.values[f]!;
  });
  return { shape, values };
}

/** Gradients of Σ dy · convolution(x, filter, bias). */
export function convolutionGradients(
  x: Plain,
  filter: Plain,
  dy: Plain,
  window: Window,
): { input: Plain; filter: Plain; bias: Plain } {
  const input = new Float64Array(x.values.length);
  const weight = new Float64Array(filter.values.length);
  const [, outputs, height, width] = products(x, filter, window, (i, f, o) => {
    input[i]! += dy.values[o]! * filter.values[f]!;
    weight[f]! += dy.values[o]! * x.values[i]!;
  });
  const bias = new Float64Array(outputs);
  for (let index = 0; index < dy.values.length; index++)
    bias[Math.floor(index / (height * width)) % outputs]! += dy.values[index]!;
  return {
    input: { shape: x.shape, values: input },
    filter: { shape: filter.shape, values: weight },
    bias: { shape: [outputs], values: bias },
  };
}

/** Calls `visit` with the index into the output and into x for each meeting in each plane. */
function visitPlanes(x: Plain, window: Window, visit: (y: number, x: number) => void): Shape4D {
  const [batch, channels, height, width] = x.shape as Shape4D;
  const shape = outputShape(x.shape as Shape4D, channels, window);
  const met = meetings(height, width, window);
  for (let plane = 0; plane < batch * channels; plane++)
    for (const { target, source } of met)
      visit(plane * shape[2] * shape[3] + target, plane * height * width + source);
  return shape;
}

/** For each output of max pooling the index of its maximum in x: the first of several in row-major order. */
function maxima(x: Plain, window: Window): { shape: Shape4D; positions: number[] } {
  const positions: number[] = [];
  const shape = visitPlanes(x, window, (target, source) => {
    const best = positions[target];
    if (best === undefined || x.values[source]! > x.values[best]!) positions[target] = source;
  });
  return { shape, positions };
}

/** As torch.nn.functional.max_pool2d. */
export function maxPool(x: Plain, window: Window): Plain {
  const { shape, positions } = maxima(x, window);
  return { shape, values: positions.map((position) => x.values[position]!) };
}

/** Gradient of Σ dy · maxPool(x). */
export function maxPoolGradient(x: Plain, dy: Plain, window: Window): Plain {
  const values = new Float64Array(x.values.length);
  for (const [target, position] of maxima(x, window).positions.entries())
    values[position]! += dy.values[target]!;
  return { shape: x.shape, values };
}

/** As torch.nn.functional.avg_pool2d with count_include_pad. */
export function avgPool(x: Plain, window: Window): Plain {
  const area = window.kernel[0] * window.kernel[1];
  const values = new Float64Array(elements(outputShape(x.shape as Shape4D, x.shape[1]!, window)));
  const shape = visitPlanes(x, window, (target, source) => {
    values[target]! += x.values[source]! / area;
  });
  return { shape, values };
}

/** Gradient of Σ dy · avgPool(x). */
export function avgPoolGradient(x: Plain, dy: Plain, window: Window): Plain {
  const area = window.kernel[0] * window.kernel[1];
  const values = new Float64Array(x.values.length);
  visitPlanes(x, window, (target, source) => {
    values[source]! += dy.values[target]! / area;
  });
  return { shape: x.shape, values };
}

export function relu({ shape, values }: Plain): Plain {
  return { shape, values: Array.from(values, (value) => Math.max(value, 0)) };
}

/** Feature maps side by side, over their channels. */
export function concatenateChannels(maps: readonly Plain[]): Plain {
  const [batch, , height, width] = maps[0]!.shape as Shape4D;
  const channels = maps.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const values: number[] = [];
  for (let n = 0; n < batch; n++)
    for (const map of maps) {
      const image = map.shape[1]! * height * width;
      values.push(...Array.from(map.values).slice(n * image, (n + 1) * image));
    }
  return { shape: [batch, channels, height, width], values };
}
