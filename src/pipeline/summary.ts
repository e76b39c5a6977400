import { readFile } from 'node:fs/promises';
import type { BackendName } from '../registry/backends/index.js';
import { writeFileAtomic } from '../storage/atomic.js';
import type { RunPaths } from '../storage/run_directory.js';
import type { TestResult } from './evaluate.js';
import type { Position } from './progress.js';

/** What came out of a run: summary.json. */
export interface RunSummary {
  readonly name: string;
  readonly run_directory: string;
  readonly backend: BackendName;
  readonly epochs: number;
  readonly steps: number;
  readonly parameters: number;
  /** Seconds that its training steps and evaluations took, over all sessions. */
  readonly seconds: number;
  /** The evaluation whose weights checkpoints/best holds. */
  readonly best: Position['best'];
  /** The weights of checkpoints/best, read back and evaluated on the test set. */
  readonly test: TestResult;
}

export async function writeSummary(paths: RunPaths, summary: RunSummary): Promise<void> {
  await writeFileAtomic(paths.summary, `${JSON.stringify(summary, null, 2)}\n`);
}

/** The summary that a run has ended with; null where there is none, or none that can be read: it can be made again. */
export async function readSummary(paths: RunPaths): Promise<RunSummary | null> {
  try {
    const summary = JSON.parse(await readFile(paths.summary, 'utf8')) as RunSummary;
    return { ...summary, run_directory: paths.directory };
  } catch {
    return null;
  }
}
