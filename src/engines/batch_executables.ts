/** What is compiled for one batch size. */
interface Released {
  release(): Promise<void>;
}

/**
 * One kind of step, compiled for the batch sizes that occur. That of the largest size stays open; what a smaller batch needs
 * (the last of an epoch) has threads and memory of its own, and is open only while it is used.
 */
export class BatchExecutables<T extends Released> {
  private kept: { readonly size: number; readonly executable: Promise<T> } | undefined;

  constructor(private readonly open: (batchSize: number) => Promise<T>) {}

  /** The largest size so far. */
  get largest(): number {
    return this.kept?.size ?? 0;
  }

  /** Opens what stays open for batches of this size, unless a larger one is. */
  async prepare(batchSize: number): Promise<void> {
    if (batchSize > this.largest) {
      this.release();
      this.kept = { size: batchSize, executable: this.open(batchSize) };
    }
    await this.kept?.executable;
  }

  async run<R>(batchSize: number, use: (executable: T) => Promise<R>): Promise<R> {
    await this.prepare(batchSize);
    if (batchSize === this.largest) return use(await this.kept!.executable);
    const executable = await this.open(batchSize);
    try {
      return await use(executable);
    } finally {
      await executable.release();
    }
  }

  release(): void {
    // One that did not open has told whoever waited for it.
    this.kept?.executable.then((executable) => executable.release()).catch(() => {});
    this.kept = undefined;
  }
}
