import type { Tensor } from '@tensorflow/tfjs';
import { nullable, type Tf, Type } from '../schema.js';
import { defineLayer, layerFields, type Shape, type TensorSpec } from './layer.js';

const schema = Type.Object(
  {
    ...layerFields('batch_norm', 'Batch normalization, as torch.nn.BatchNorm2d and BatchNorm1d.'),
    eps: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, default: 1e-5, description: 'Added to the variance.' }),
    ),
    momentum: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: 1,
          description:
            'Weight of a new batch in the running statistics, from 0 to 1; null: the mean over all batches.',
        }),
        { default: 0.1 },
      ),
    ),
    affine: Type.Optional(
      Type.Boolean({ default: true, description: 'Whether each channel has a trained scale and shift.' }),
    ),
  },
  { additionalProperties: false },
);

const buffer = (name: string, channels: number, value: number): TensorSpec => ({
  name,
  shape: [channels],
  role: 'buffer',
  dtype: 'float32',
  init: { kind: 'constant', value },
});

function tensorsOf(channels: number, affine: boolean): TensorSpec[] {
  const parameter = (name: string, value: number): TensorSpec => ({
    ...buffer(name, channels, value),
    role: 'parameter',
  });
  return [
    ...(affine ? [parameter('weight', 1), parameter('bias', 0)] : []),
    buffer('running_mean', channels, 0),
    buffer('running_var', channels, 1),
    {
      name: 'num_batches_tracked',
      shape: [],
      role: 'buffer',
      dtype: 'int64',
      init: { kind: 'constant', value: 0 },
    },
  ];
}

/**
 * y = (x − mean) / √(var + eps) · weight + bias for each channel (Ioffe & Szegedy 2015). In training mean and biased
 * variance are those of the batch, and the running statistics move towards its mean and its unbiased variance; otherwise
 * the running statistics take their place. As torch.nn.BatchNorm2d (torch/nn/modules/batchnorm.py).
 */
export const batchNorm = defineLayer({
  schema,
  plan: (options, input) => ({
    output: input,
    tensors: tensorsOf(input[0], options.affine),
    macs: 0,
    mask: null,
  }),
  forward: (tf, options, { training, input, tensor, setNext }, x) => {
    const scale = options.affine ? tensor('weight') : tf.ones([input[0]]);
    const shift = options.affine ? tensor('bias') : tf.zeros([input[0]]);
    if (!training) {
      const factor = tf.div(scale, tf.sqrt(tf.add(tensor('running_var'), options.eps)));
      return tf.add(tf.mul(x, factor), tf.sub(shift, tf.mul(tensor('running_mean'), factor)));
    }
    const count = valuesPerChannel(x, input);
    const { y, mean, variance } = normalize(tf, x, scale, shift, options.eps);
    const seen = tf.add(tensor('num_batches_tracked'), tf.scalar(1, 'int32'));
    const weight: Tensor =
      options.momentum === null ? tf.div(1, tf.cast(seen, 'float32')) : tf.scalar(options.momentum);
    const moved = (running: Tensor, value: Tensor) =>
      tf.add(tf.mul(running, tf.sub(1, weight)), tf.mul(value, weight));
    setNext('running_mean', moved(tensor('running_mean'), mean));
    setNext('running_var', moved(tensor('running_var'), tf.mul(variance, count / (count - 1))));
    setNext('num_batches_tracked', seen);
    return y;
  },
});

/** @throws RangeError for a batch that has no variance, as PyTorch does; no config asks for one */
function valuesPerChannel(x: Tensor, input: Shape): number {
  const count = x.size / input[0];
  if (count > 1) return count;
  throw new RangeError(
    'batch_norm: expected more than one value for each channel in a training batch, got one',
  );
}

/** The mean over all axes but the last; first over each image, which reads memory as it lies. */
function channelMean(tf: Tf, x: Tensor): Tensor {
  return x.rank === 4 ? tf.mean(tf.mean(x, [1, 2]), 0) : tf.mean(x, 0);
}

/**
 * Normalizes a batch by itself. The gradient is written out, as that of the composition would take twice as many passes:
 * dx = weight/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)), the variance taken about the mean in a second pass.
 * @returns `mean` and biased `variance` as values: no gradient flows through them
 */
function normalize(tf: Tf, x: Tensor, weight: Tensor, bias: Tensor, eps: number) {
  const mean = channelMean(tf, x);
  const centred = tf.sub(x, mean);
  const variance = channelMean(tf, tf.square(centred));
  const inverse = tf.div(1, tf.sqrt(tf.add(variance, eps)));
  const scaleAndShift = tf.customGrad((...inputs) => {
    const [, scale, shift, save] = inputs as unknown as [Tensor, Tensor, Tensor, (kept: Tensor[]) => void];
    save([centred, inverse, scale]);
    return {
      value: tf.add(tf.mul(centred, tf.mul(inverse, scale)), shift),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [c, i, w] = saved as [Tensor, Tensor, Tensor];
        const count = dy.size / dy.shape[dy.rank - 1]!;
        const meanDy = channelMean(tf, dy);
        const meanDyC = channelMean(tf, tf.mul(dy, c));
        const about = tf.sub(tf.sub(dy, meanDy), tf.mul(c, tf.mul(meanDyC, tf.square(i))));
        return [tf.mul(about, tf.mul(w, i)), tf.mul(meanDyC, tf.mul(i, count)), tf.mul(meanDy, count)];
      },
    };
  });
  return { y: scaleAndShift(x, weight, bias), mean, variance };
}
