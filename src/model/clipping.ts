import type { Tensor } from '@tensorflow/tfjs';
import { allLayers, type Network } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { tensorName } from '../registry/layers/layer.js';
import type { Tf } from '../registry/schema.js';
import type { NamedTensor } from '../storage/safetensors.js';

/**
 * What keeps the gradients of an update small.
 * - `norm`: all together, as torch.nn.utils.clip_grad_norm_ with the 2-norm: times limit / (norm + 1e-6) where that is below 1.
 * - `value`: each number to [−limit, limit], as torch.nn.utils.clip_grad_value_.
 * - `adaptive`: each unit (the weights of one output; a vector as a whole) to limit times the norm of its parameters (Brock et
 *   al. 2021), as timm's adaptive_clip_grad.
 */
export type Clipping =
  | { readonly kind: 'norm' | 'value'; readonly limit: number }
  | { readonly kind: 'adaptive'; readonly limit: number; readonly except: ReadonlySet<string> };

/** Added to the norm of all gradients, as PyTorch does. */
const NORM_EPSILON = 1e-6;
/** Least norm that a unit's parameters count with, and its gradient is divided by. */
const UNIT_EPSILON = 1e-3;
const UNIT_GRADIENT_EPSILON = 1e-6;

/** What a config asks for; null where gradients stay as they are. */
export function clippingOf({
  config: { training },
  network,
}: Pick<Plan, 'config' | 'network'>): Clipping | null {
  const { clip_grad_norm: norm, clip_grad_value: value, agc: adaptive } = training;
  if (norm !== null) return { kind: 'norm', limit: norm };
  if (value !== null) return { kind: 'value', limit: value };
  return adaptive === null ? null : { kind: 'adaptive', limit: adaptive, except: classifier(network) };
}

/** Parameters of the last layer of the main stack that has any: adaptive clipping leaves them out. */
function classifier(network: Network): ReadonlySet<string> {
  const layers = allLayers({ ...network, auxiliary: [] });
  const last = layers.findLast(({ tensors }) => tensors.some(({ role }) => role === 'parameter'));
  return new Set(last?.tensors.map((tensor) => tensorName(last.name, tensor.name)));
}

/** Gradients in host memory, and the parameters that they belong to. */
export interface HostGradients {
  /** All of `gradients`, one after the other; zeros between them. */
  readonly all: Float32Array;
  readonly gradients: ReadonlyMap<string, NamedTensor>;
  readonly parameters: ReadonlyMap<string, NamedTensor>;
}

/** Clips gradients where they are. @returns their 2-norm before, all together */
export function clipInPlace(clipping: Clipping, { all, gradients, parameters }: HostGradients): number {
  const { limit } = clipping;
  const norm = Math.sqrt(sumOfSquares(all));
  if (clipping.kind === 'adaptive') {
    for (const [name, gradient] of gradients)
      if (!clipping.except.has(name)) clipUnits(limit, gradient, parameters.get(name)!);
  } else if (clipping.kind === 'norm') {
    const factor = limit / (norm + NORM_EPSILON);
    if (factor < 1) scale(all, factor);
  } else {
    for (let i = 0; i < all.length; i++) {
      const value = all[i]!;
      if (value > limit) all[i] = limit;
      else if (value < -limit) all[i] = -limit;
    }
  }
  return norm;
}

function clipUnits(limit: number, { shape, data }: NamedTensor, parameter: NamedTensor): void {
  const size = data.length / (shape.length <= 1 ? 1 : shape[0]!);
  for (let start = 0; start < data.length; start += size) {
    const gradient = data.subarray(start, start + size);
    const unit = parameter.data.subarray(start, start + size);
    const most = Math.max(Math.sqrt(sumOfSquares(unit)), UNIT_EPSILON) * limit;
    const factor = most / Math.max(Math.sqrt(sumOfSquares(gradient)), UNIT_GRADIENT_EPSILON);
    if (factor < 1) scale(gradient, factor);
  }
}

/** Clips gradients that are tensors. @returns their 2-norm before, all together, a scalar */
export function clipTensors(
  tf: Tf,
  clipping: Clipping,
  gradients: ReadonlyMap<string, Tensor>,
  parameters: ReadonlyMap<string, Tensor>,
): { readonly norm: Tensor; readonly gradients: ReadonlyMap<string, Tensor> } {
  const { kind, limit } = clipping;
  const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
  const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square), tf.scalar(0) as Tensor));
  const factor = kind === 'norm' ? tf.minimum(tf.div(limit, tf.add(norm, NORM_EPSILON)), 1) : null;
  const clip = (name: string, gradient: Tensor): Tensor => {
    if (factor) return tf.mul(gradient, factor);
    if (kind === 'value') return tf.clipByValue(gradient, -limit, limit);
    if (clipping.kind === 'adaptive' && clipping.except.has(name)) return tf.clone(gradient);
    const unitNorm = (x: Tensor) => {
      const axes = x.rank <= 1 ? undefined : x.shape.map((_, axis) => axis).slice(1);
      return tf.sqrt(tf.sum(tf.square(x), axes, axes !== undefined));
    };
    const largest = tf.mul(tf.maximum(unitNorm(parameters.get(name)!), UNIT_EPSILON), limit);
    const ratio = tf.div(largest, tf.maximum(unitNorm(gradient), UNIT_GRADIENT_EPSILON));
    return tf.mul(gradient, tf.minimum(ratio, 1));
  };
  return {
    norm,
    gradients: new Map([...gradients].map(([name, gradient]) => [name, clip(name, gradient)])),
  };
}

function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * factor;
}

/** In four sums, which do not wait for each other. */
function sumOfSquares(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * values[i]!;
    b += values[i + 1]! * values[i + 1]!;
    c += values[i + 2]! * values[i + 2]!;
    d += values[i + 3]! * values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += values[i]! * values[i]!;
  return a + b + (c + d);
}
