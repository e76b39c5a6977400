import type { AverageOptions } from '../registry/average.js';
import { isCounter, type StateTensor } from '../storage/safetensors.js';
import type { Weights } from './program.js';

type Options = Exclude<AverageOptions, { readonly type: 'none' }>;

/** An average, and over how many states it goes. */
export interface AveragedWeights {
  readonly weights: Weights;
  readonly count: number;
}

/**
 * Averages the weights of a training, as torch.optim.swa_utils.AveragedModel: the first weights are taken as they are, then
 * average + w · (weights − average). For `ema`, w is 1 − decay (get_ema_multi_avg_fn; with a warm-up the decay of timm's
 * ModelEmaV3), for `swa` 1 / (weights so far + 1). Counters are copied; arithmetic is float64, rounded to float32.
 */
export class WeightAverage {
  private average: AveragedWeights | null;

  /** @param frozen names of parameters that stay what they are @param saved of a checkpoint, kept and changed */
  constructor(
    private readonly options: Options,
    private readonly frozen: ReadonlySet<string>,
    saved: AveragedWeights | null,
  ) {
    this.average = saved;
  }

  /** After which steps and epochs the weights count. */
  counts(after: 'step' | 'epoch', epoch: number): boolean {
    const { options } = this;
    return options.type === 'ema' ? after === 'step' : after === 'epoch' && epoch >= options.start_epoch;
  }

  /** Takes the weights in; they are only read. */
  add({ parameters, buffers }: Weights): void {
    if (!this.average) {
      this.average = { weights: { parameters: copied(parameters), buffers: copied(buffers) }, count: 1 };
      return;
    }
    const { weights, count } = this.average;
    const weight = this.weightOf(count + 1);
    for (const [name, { data }] of weights.parameters)
      if (!this.frozen.has(name)) moveTowards(data, parameters.get(name)!.data, weight);
    for (const [name, buffer] of weights.buffers) {
      const next = buffers.get(name)!;
      if (isCounter(buffer)) buffer.data.set(next.data as BigInt64Array);
      else moveTowards(buffer.data, next.data as Float32Array, this.options.buffers === 'copy' ? 1 : weight);
    }
    this.average = { weights, count: count + 1 };
  }

  /** The average so far, another object each time, in memory that `add` changes; null before the first weights. */
  current(): AveragedWeights | null {
    return this.average && { ...this.average, weights: { ...this.average.weights } };
  }

  /** What the n-th weights count. */
  private weightOf(n: number): number {
    const { options } = this;
    if (options.type === 'swa') return 1 / n;
    return 1 - (options.warmup ? Math.min(options.decay, 1 - n ** (-2 / 3)) : options.decay);
  }
}

function moveTowards(average: Float32Array, values: Float32Array, weight: number): void {
  if (weight === 1) average.set(values);
  else
    for (let i = 0; i < average.length; i++) {
      const before = average[i]!;
      average[i] = before + weight * (values[i]! - before);
    }
}

function copied<T extends StateTensor>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() } as T]));
}
