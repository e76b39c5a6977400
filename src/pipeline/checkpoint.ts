import { join } from 'node:path';
import type { Plan } from '../config/resolve.js';
import type { Program } from '../model/program.js';
import { copyState, type ModelState, stateDict } from '../model/state.js';
import type { WeightAverage } from '../model/weight_average.js';
import { type Checkpoint, type CheckpointLink, saveCheckpoint } from '../storage/checkpoints.js';
import type { RunPaths } from '../storage/run_directory.js';
import { requireFiniteState } from './finite.js';
import type { Position } from './progress.js';
import type { Recorder } from './recorder.js';

/** Saves the state of a training run, from a snapshot: the next steps go on while it is written. */
export class CheckpointWriter {
  /** The newest checkpoint in the run directory, if there is one. */
  lastSaved: { readonly directory: string; readonly step: number } | null;
  private writing: Promise<void> = Promise.resolve();
  private snapshot: ModelState | undefined;
  private averageSnapshot: ModelState | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly program: Program,
    private readonly recorder: Recorder,
    private readonly paths: RunPaths,
    savedStep: number | null,
    private readonly average: WeightAverage | null = null,
  ) {
    this.lastSaved = savedStep === null ? null : { directory: this.directory('last'), step: savedStep };
  }

  /**
   * Takes a snapshot and begins to write it; one checkpoint is written at a time.
   * @throws UserError where the state is not finite, or the disk did not take the checkpoint before; earlier ones stay
   */
  async save(position: Position, links: readonly CheckpointLink[]): Promise<void> {
    await this.settle();
    const state = await this.program.state();
    requireFiniteState({ plan: this.plan, checkpoints: this }, state, position.step);
    this.snapshot = copyState(state, this.snapshot);
    const average = this.average?.current();
    if (average)
      this.averageSnapshot = copyState({ ...average.weights, slots: new Map() }, this.averageSnapshot);
    const logs = this.recorder.position();
    const checkpoint = {
      tensors: stateDict(this.plan.network, this.snapshot),
      slots: this.snapshot.slots,
      ...(average && { average: stateDict(this.plan.network, this.averageSnapshot!) }),
      state: {
        version: 1 as const,
        ...position,
        ...(average && { averaged: average.count }),
        ...logs,
        config: this.plan.config,
        dataset: this.plan.dataset,
      },
    };
    this.writing = this.write(checkpoint, links);
    // Whoever settles hears of a failure; until then it is no unhandled one.
    this.writing.catch(() => {});
  }

  /** Waits until what was saved is on the disk. @throws UserError where the disk does not take it */
  settle(): Promise<void> {
    return this.writing;
  }

  private async write(checkpoint: Checkpoint, links: readonly CheckpointLink[]): Promise<void> {
    // The logs first: a checkpoint must not count lines that the disk does not have.
    await this.recorder.sync();
    await saveCheckpoint(this.paths.checkpoints, checkpoint, links);
    this.lastSaved = { directory: this.directory('last'), step: checkpoint.state.step };
  }

  private directory(link: CheckpointLink): string {
    return join(this.paths.checkpoints, link);
  }
}
