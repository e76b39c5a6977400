import { copyOf, type Planes, roundHalfEven } from './planes.js';

/** How a pixel between pixels gets its value. */
export type Interpolation = 'nearest' | 'bilinear';

/** From a pixel of the result to one of the image, both from the image's centre: x = a·X + b·Y + c, y = d·X + e·Y + f. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** What an image goes through: turned, scaled and sheared around `center`, then moved. */
export interface AffineChange {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** Pixels to the right, and down. */
  readonly translate: readonly [number, number];
  readonly scale: number;
  /** Degrees along x, and along y. */
  readonly shear: readonly [number, number];
  /** Pixels from the image's centre; the centre itself where absent. */
  readonly center?: readonly [number, number];
}

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** The inverse of T·C·R(angle)·S(scale)·Shear·C⁻¹, as torchvision's _get_inverse_affine_matrix. */
export function inverseAffine({
  angle,
  translate,
  scale,
  shear,
  center = [0, 0],
}: AffineChange): AffineMatrix {
  const rotation = radians(angle);
  const [shearX, shearY] = [radians(shear[0]), radians(shear[1])];
  const a = Math.cos(rotation - shearY) / Math.cos(shearY);
  const b = -(a * Math.tan(shearX) + Math.sin(rotation));
  const c = Math.sin(rotation - shearY) / Math.cos(shearY);
  const d = Math.cos(rotation) - c * Math.tan(shearX);
  const [cx, cy] = center;
  const [x, y] = [cx + translate[0], cy + translate[1]];
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  return [m0, m1, cx - m0 * x - m1 * y, m3, m4, cy - m3 * x - m4 * y];
}

/**
 * Resamples an image in place, as torchvision.transforms.v2.functional.affine does tensors (torch's grid_sample with
 * align_corners=False).
 * @param fill pixel value where nothing comes from the image; null is black, without weighing its edge twice
 */
export function affine(
  images: Uint8Array,
  offset: number,
  size: Planes,
  matrix: AffineMatrix,
  interpolation: Interpolation,
  fill: number | null,
): void {
  const source = copyOf(images, offset, size.channels * size.height * size.width);
  (interpolation === 'nearest' ? nearest : bilinear)(images, offset, size, source, matrix, fill);
}

function nearest(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: Planes,
  source: Uint8Array,
  [a, b, c, d, e, f]: AffineMatrix,
  fill: number | null,
): void {
  const plane = height * width;
  const outside = fill ?? 0;
  let target = offset;
  for (let row = 0; row < height; row++) {
    const y = row + 0.5 - height / 2;
    for (let column = 0; column < width; column++, target++) {
      const x = column + 0.5 - width / 2;
      const fromX = Math.floor(a * x + b * y + c + width / 2);
      const fromY = Math.floor(d * x + e * y + f + height / 2);
      const inside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
      const from = fromY * width + fromX;
      for (let channel = 0; channel < channels; channel++)
        images[target + channel * plane] = inside ? source[from + channel * plane]! : outside;
    }
  }
}

function bilinear(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: Planes,
  source: Uint8Array,
  [a, b, c, d, e, f]: AffineMatrix,
  fill: number | null,
): void {
  const plane = height * width;
  let target = offset;
  for (let row = 0; row < height; row++) {
    const y = row + 0.5 - height / 2;
    for (let column = 0; column < width; column++, target++) {
      const x = column + 0.5 - width / 2;
      const fromX = a * x + b * y + c + width / 2 - 0.5;
      const fromY = d * x + e * y + f + height / 2 - 0.5;
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const right = fromX - left;
      const down = fromY - top;
      // Weights of pixels outside of the image are 0.
      const inLeft = left >= 0 && left < width ? 1 - right : 0;
      const inRight = left >= -1 && left < width - 1 ? right : 0;
      const inTop = top >= 0 && top < height ? 1 - down : 0;
      const inBottom = top >= -1 && top < height - 1 ? down : 0;
      const covered = (inLeft + inRight) * (inTop + inBottom);
      const first = top * width + left;
      for (let channel = 0; channel < channels; channel++) {
        const at = channel * plane + first;
        let value = 0;
        if (covered > 0) {
          if (inTop > 0) {
            if (inLeft > 0) value += inTop * inLeft * source[at]!;
            if (inRight > 0) value += inTop * inRight * source[at + 1]!;
          }
          if (inBottom > 0) {
            if (inLeft > 0) value += inBottom * inLeft * source[at + width]!;
            if (inRight > 0) value += inBottom * inRight * source[at + width + 1]!;
          }
        }
        if (fill !== null) value = covered * (value - fill) + fill;
        images[target + channel * plane] = roundHalfEven(value);
      }
    }
  }
}
