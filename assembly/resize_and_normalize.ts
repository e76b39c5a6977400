// AssemblyScript: compiled into dist/custom_kernels.wasm by the build. Pointers are byte offsets in the imported memory.

import { floats, LANES } from './layout';

/** Weights have this many binary places, see src/model/resize_matrix.ts. */
const PLACES: i32 = 22;

/**
 * Resizes planes of pixels as Pillow does, width first, each pass rounded to whole pixel values, and normalizes them:
 * value · scale + shift, in float32.
 *
 * An axis is resized by windows: for each pixel of the result, the index of the first pixel that it is made of, and the
 * weights of that pixel and those after it, int32.
 *
 * @param images  uint8, planes × height × width
 * @param out     float32, planes × outHeight × outWidth, written
 * @param normalization float32, scales of the channels and then their shifts
 * @param columns windows along the width: as many as outWidth rounded up to whole lanes
 * @param columnTaps weights of each of them
 * @param rows    windows along the height: outHeight
 * @param rowTaps weights of each of them
 * @param scratch room for a turned plane, a wide plane and a vector, see src/tracing/custom_resize.ts
 */
export function resizeAndNormalize(
  images: usize,
  out: usize,
  normalization: usize,
  columns: usize,
  columnTaps: i32,
  rows: usize,
  rowTaps: i32,
  scratch: usize,
  planes: i32,
  channels: i32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const tall = wholeLanes(height);
  const wide = wholeLanes(outWidth);
  const widePlane = scratch + floats(width * tall);
  const rest = widePlane + floats(tall * wide);
  for (let plane = 0; plane < planes; plane++) {
    turn(images, scratch, height, width, tall);
    widen(scratch, widePlane, columns, columnTaps, tall, wide);

    const channel = normalization + floats(plane % channels);
    const scale = v128.load32_splat(channel);
    const shift = v128.load32_splat(channel + floats(channels));
    for (let i = 0; i < outHeight; i++) {
      const window = rows + floats(i * (1 + rowTaps));
      writeRow(out, widePlane, window, rowTaps, wide, outWidth, scale, shift, rest);
      out += floats(outWidth);
    }
    images += height * width;
  }
}

/** A plane of uint8 as int32 with its columns in lines, `tall` numbers apart; what follows `height` is left as it is. */
function turn(pixels: usize, turned: usize, height: i32, width: i32, tall: i32): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      store<i32>(turned + floats(x * tall + y), <i32>load<u8>(pixels + y * width + x));
    }
  }
}

/** Resizes the lines of a turned plane to `wide`, and turns it back: int32, tall × wide. */
function widen(turned: usize, plane: usize, columns: usize, taps: i32, tall: i32, wide: i32): void {
  const window = floats(1 + taps);
  const line = floats(tall);
  const row = floats(wide);
  for (let x = 0; x < wide; x += LANES) {
    for (let y = 0; y < tall; y += LANES) {
      const source = turned + floats(y);
      const a = resample(source, columns, taps, line);
      const b = resample(source, columns + window, taps, line);
      const c = resample(source, columns + 2 * window, taps, line);
      const d = resample(source, columns + 3 * window, taps, line);
      const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
      const abRest = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const cdRest = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
      const target = plane + floats(y * wide + x);
      v128.store(target, v128.shuffle<i64>(ab, cd, 0, 2));
      v128.store(target + row, v128.shuffle<i64>(ab, cd, 1, 3));
      v128.store(target + 2 * row, v128.shuffle<i64>(abRest, cdRest, 0, 2));
      v128.store(target + 3 * row, v128.shuffle<i64>(abRest, cdRest, 1, 3));
    }
    columns += 4 * window;
  }
}

/** One row of the result. */
function writeRow(
  out: usize,
  plane: usize,
  window: usize,
  taps: i32,
  wide: i32,
  outWidth: i32,
  scale: v128,
  shift: v128,
  rest: usize,
): void {
  const row = floats(wide);
  let x = 0;
  for (; x <= outWidth - LANES; x += LANES) {
    v128.store(out + floats(x), normalize(resample(plane + floats(x), window, taps, row), scale, shift));
  }
  if (x == outWidth) return;
  v128.store(rest, normalize(resample(plane + floats(x), window, taps, row), scale, shift));
  memory.copy(out + floats(x), rest, floats(outWidth - x));
}

@inline
function normalize(values: v128, scale: v128, shift: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(values), scale), shift);
}

/** The sum of a window's pixels times their weights, rounded, for a vector of pixels side by side; `line` bytes lead on. */
@inline
function resample(lines: usize, window: usize, taps: i32, line: usize): v128 {
  let pixels = lines + <usize>load<i32>(window) * line;
  const end = window + floats(taps);
  let sum = i32x4.splat(1 << (PLACES - 1));
  while (window < end) {
    window += floats(1);
    sum = i32x4.add(sum, i32x4.mul(v128.load(pixels), v128.load32_splat(window)));
    pixels += line;
  }
  return i32x4.shr_s(sum, PLACES);
}

@inline
function wholeLanes(count: i32): i32 {
  return (count + LANES - 1) & -LANES;
}
