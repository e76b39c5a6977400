// AssemblyScript: compiled into dist/custom_kernels.wasm by the build. Pointers are byte offsets in the imported memory.

import { floats, LANES } from './layout';

const NOWHERE: i32 = -1;

/**
 * dx of a max-pooling over planes: each dy goes to the first of the largest values in its window, in rows and then
 * columns, as in PyTorch; windows may overlap, so they add up.
 *
 * @param x      input, planes × height × width
 * @param y      output, planes × outHeight × outWidth; 12 bytes behind it are read
 * @param dy     gradient of the output
 * @param dx     gradient of the input, written
 * @param scratch room for one padded plane and one row of positions, see src/tracing/custom_pooling.ts
 * @param positive with 1, windows whose maximum is not positive pass nothing on: the gradient through a ReLU before the
 *                 pooling
 */
export function maxPoolGradient(
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  scratch: usize,
  planes: i32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  paddedHeight: i32,
  paddedWidth: i32,
  positive: i32,
): void {
  const positions = scratch + floats(paddedHeight * paddedWidth);
  // Padding is no candidate: not even a minimum of -Infinity equals a NaN.
  for (let i = 0; i < paddedHeight * paddedWidth; i++) store<f32>(scratch + floats(i), NaN);
  const rows = min(height, paddedHeight - top);
  const is3x3 = kernelHeight == 3 && kernelWidth == 3;

  for (let plane = 0; plane < planes; plane++) {
    for (let row = 0; row < rows; row++) {
      memory.copy(scratch + floats((row + top) * paddedWidth + left), x + floats(row * width), floats(width));
    }
    memory.fill(dx, 0, floats(height * width));
    for (let i = 0; i < outHeight; i++) {
      const origin = scratch + floats(i * strideHeight * paddedWidth);
      const maxima = y + floats(i * outWidth);
      if (is3x3 && strideWidth == 1) find3x3(origin, maxima, positions, outWidth, width, paddedWidth, 1);
      else if (is3x3 && strideWidth == 2) find3x3(origin, maxima, positions, outWidth, width, paddedWidth, 2);
      else find(origin, maxima, positions, outWidth, width, paddedWidth, kernelHeight, kernelWidth, strideWidth);

      const windows = dx + floats((i * strideHeight - top) * width - left);
      for (let j = 0; j < outWidth; j++) {
        const position = load<i32>(positions + floats(j));
        if (position == NOWHERE) continue;
        if (positive && !(load<f32>(maxima + floats(j)) > 0)) continue;
        const at = windows + floats(j * strideWidth) + <usize>position;
        store<f32>(at, load<f32>(at) + load<f32>(dy + floats(i * outWidth + j)));
      }
    }
    x += floats(height * width);
    dx += floats(height * width);
    y += floats(outHeight * outWidth);
    dy += floats(outHeight * outWidth);
  }
}

/**
 * Where the first maximum of each window in a row of windows is: bytes from the window's first element in dx.
 * The elements of a window are taken last to first, so that the first match stays.
 */
function find(
  origin: usize,
  maxima: usize,
  positions: usize,
  windows: i32,
  width: i32,
  paddedWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
): void {
  for (let j = 0; j < windows; j++) {
    const maximum = load<f32>(maxima + floats(j));
    let position = NOWHERE;
    for (let a = kernelHeight - 1; a >= 0; a--) {
      for (let b = kernelWidth - 1; b >= 0; b--) {
        const value = load<f32>(origin + floats(a * paddedWidth + j * stride + b));
        position = value == maximum ? <i32>floats(a * width + b) : position;
      }
    }
    store<i32>(positions + floats(j), position);
  }
}

/** `find` for windows of 3 × 3, four at a time. Inlined, so that the constant stride of each call decides its code. */
@inline
function find3x3(
  origin: usize,
  maxima: usize,
  positions: usize,
  windows: i32,
  width: i32,
  paddedWidth: i32,
  stride: i32,
): void {
  const row = floats(paddedWidth);
  for (let j = 0; j < windows; j += LANES) {
    const maximum = v128.load(maxima + floats(j));
    const a0 = origin + floats(j * stride);
    const a1 = a0 + row;
    const a2 = a1 + row;
    let position = i32x4.splat(NOWHERE);
    position = pick(a2, 2, stride, maximum, 2 * width + 2, position);
    position = pick(a2, 1, stride, maximum, 2 * width + 1, position);
    position = pick(a2, 0, stride, maximum, 2 * width, position);
    position = pick(a1, 2, stride, maximum, width + 2, position);
    position = pick(a1, 1, stride, maximum, width + 1, position);
    position = pick(a1, 0, stride, maximum, width, position);
    position = pick(a0, 2, stride, maximum, 2, position);
    position = pick(a0, 1, stride, maximum, 1, position);
    position = pick(a0, 0, stride, maximum, 0, position);
    v128.store(positions + floats(j), position);
  }
}

/** In each lane: `element`, as bytes, where the value of that column equals the maximum, else `position`. */
@inline
function pick(row: usize, column: i32, stride: i32, maximum: v128, element: i32, position: v128): v128 {
  const at = row + floats(column);
  const values =
    stride == 1
      ? v128.load(at)
      : v128.shuffle<f32>(v128.load(at), v128.load(at, 4 * LANES), 0, 2, 4, 6);
  return v128.bitselect(i32x4.splat(<i32>floats(element)), position, f32x4.eq(values, maximum));
}
