/** Where a stage tells of its progress. Stages are plain functions: listr2, a test or nothing may listen. */
export interface StageOutput {
  /** Replaces the line that shows how far the stage is. */
  progress(text: string): void;
  /** A line that stays. */
  line(text: string): void;
}

/** Asked between two steps: has the user asked to stop? */
export type StopRequested = () => Promise<boolean>;
