import { randomStream } from '../../src/random.js';
import { elements, type Plain } from './plain.js';

/** Random numbers for test cases: the same ones in every run. */
export class TestRandom {
  private index = 0;
  private readonly stream;

  constructor(seed: number) {
    this.stream = randomStream(seed, 'test', 0);
  }

  /** From low to high, both included. */
  integer(low: number, high: number): number {
    return low + this.stream.integer(this.index++, high - low + 1);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }

  /** A tensor of numbers from −1 to 1. */
  tensor(shape: readonly number[]): Plain {
    const values = Float32Array.from(
      { length: elements(shape) },
      () => 2 * this.stream.uniform(this.index++) - 1,
    );
    return { shape, values };
  }

  /** A tensor of integers from low to high. */
  integers(shape: readonly number[], low: number, high: number): Plain {
    return { shape, values: Float32Array.from({ length: elements(shape) }, () => this.integer(low, high)) };
  }

  /** A tensor of different numbers, 1/16 apart from the next: small changes leave their order as it is. */
  distinct(shape: readonly number[]): Plain {
    const values = Float32Array.from({ length: elements(shape) }, (_, index) => index / 16);
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [values[i], values[j]] = [values[j]!, values[i]!];
    }
    return { shape, values };
  }
}
