import { join } from 'node:path';
import type { Plan } from '../config/resolve.js';
import type { Program } from '../model/program.js';
import { type CheckpointLink, saveCheckpoint } from '../storage/checkpoints.js';
import type { RunPaths } from '../storage/run_directory.js';
import { requireFiniteState } from './finite.js';
import type { Position } from './progress.js';
import type { Recorder } from './recorder.js';

/** Saves the state of a training run. */
export class CheckpointWriter {
  /** The newest checkpoint in the run directory, if there is one. */
  lastSaved: { readonly directory: string; readonly step: number } | null;

  constructor(
    private readonly plan: Plan,
    private readonly program: Program,
    private readonly recorder: Recorder,
    private readonly paths: RunPaths,
    savedStep: number | null,
  ) {
    this.lastSaved = savedStep === null ? null : { directory: this.directory('last'), step: savedStep };
  }

  /** @throws UserError where the state is not finite or the disk does not take it; earlier checkpoints stay. */
  async save(position: Position, links: readonly CheckpointLink[]): Promise<void> {
    const state = await this.program.state();
    requireFiniteState({ plan: this.plan, checkpoints: this }, state, position.step);
    // The logs first: a checkpoint must not count lines that the disk does not have.
    const logs = this.recorder.flush();
    const checkpoint = {
      ...state,
      state: { version: 1 as const, ...position, ...logs, config: this.plan.config },
    };
    await saveCheckpoint(this.paths.checkpoints, checkpoint, links);
    this.lastSaved = { directory: this.directory('last'), step: position.step };
  }

  private directory(link: CheckpointLink): string {
    return join(this.paths.checkpoints, link);
  }
}
