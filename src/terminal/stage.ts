import type { TableRow } from './live_table.js';

/** Something to say of a stage under way; the short form is for lines with little room. */
export type Fact = string | { readonly long: string; readonly short: string };

/** How far a stage is. */
export interface Progress {
  /** From 0 to 1; null where nobody knows how much there is to do. */
  readonly share: number | null;
  /** In the order of reading. Where a line is too short for all, the first and the last stay. */
  readonly facts: readonly Fact[];
}

/** Where a stage tells of its progress. Stages are plain functions: listr2, a test or nothing may listen. */
export interface StageOutput {
  /** Replaces what is shown of how far the stage is. */
  progress(progress: Progress): void;
  /** A line that stays. On a terminal, a `row` takes its place: below those before it, under one header. */
  line(text: string, row?: TableRow): void;
}

/** How a stage ends. */
export type Outcome = 'done' | 'skipped' | 'stopped' | 'failed';

/** What shows stages, one after the other. */
export interface Screen extends StageOutput {
  begin(title: string): void;
  /** The stage under way ends; `text` stays. */
  end(outcome: Outcome, text: string): void;
  /** Nothing more comes. */
  close(): void;
}

/** Asked between two steps: has the user asked to stop? */
export type StopRequested = () => Promise<boolean>;
