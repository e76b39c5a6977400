/** Measures what passes between two moments. */
export class Stopwatch {
  private last = performance.now();

  /** Seconds since the last call, or since the beginning. */
  lap(): number {
    const now = performance.now();
    const seconds = (now - this.last) / 1000;
    this.last = now;
    return seconds;
  }
}
