import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../../src/model/program.js';
import type { ModelState } from '../../src/model/state.js';
import type { StepMetrics } from '../../src/model/step.js';

export interface FakeProgram extends Program {
  /** What it was asked to do, in order; batches are reused, so each is a copy. */
  readonly calls: string[];
}

/** What a program without a model answers; metrics of a step and results of a batch may depend on what it is given. */
export interface FakeAnswers {
  readonly state?: ModelState;
  readonly train?: (update: Update, batch: HostBatch, masks: HostMasks) => StepMetrics;
  /** Logits are left out: they are zeros. */
  readonly evaluate?: (batch: HostBatch) => Omit<Evaluation, 'logits'>;
}

const EMPTY: ModelState = { parameters: new Map(), slots: new Map() };

export function fakeProgram({ state = EMPTY, train, evaluate }: FakeAnswers = {}): FakeProgram {
  const calls: string[] = [];
  return {
    calls,
    prepare: async () => {},
    train: async (batch, masks, update) => {
      calls.push(`train step ${update.step}, ${batch.size} images`);
      return train?.(update, batch, masks) ?? { loss: 1, mainLoss: 1, auxLoss: {}, correct: 0 };
    },
    evaluate: async (batch) => {
      calls.push(`evaluate ${batch.size} images`);
      const zeros = {
        losses: new Float32Array(batch.size),
        predicted: new Int32Array(batch.size),
        probabilities: new Float32Array(batch.size * 2),
      };
      const answer = evaluate?.(batch) ?? zeros;
      return { ...answer, logits: new Float32Array(answer.probabilities.length) };
    },
    gradients: async (batch) => {
      calls.push(`gradients of ${batch.size} images`);
      return state.parameters;
    },
    state: async () => state,
    load: async () => {},
    dispose: () => {},
  };
}
