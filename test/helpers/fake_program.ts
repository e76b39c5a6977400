import type { Batch, Evaluation, Masks, Program, Update } from '../../src/model/program.js';
import type { ModelState } from '../../src/model/state.js';
import type { StepMetrics } from '../../src/model/step.js';

export interface FakeProgram extends Program {
  /** What it was asked to do, in order; batches are reused, so each is a copy. */
  readonly calls: string[];
}

/** What a program without a model answers; metrics of a step and results of a batch may depend on what it is given. */
export interface FakeAnswers {
  readonly state?: ModelState;
  readonly backward?: (batch: Batch, masks: Masks) => StepMetrics;
  readonly update?: (update: Update) => void;
  /** Logits are left out: they are zeros. */
  readonly evaluate?: (batch: Batch) => Omit<Evaluation, 'logits'>;
}

const EMPTY: ModelState = { parameters: new Map(), buffers: new Map(), slots: new Map() };

export function fakeProgram({ state = EMPTY, backward, update, evaluate }: FakeAnswers = {}): FakeProgram {
  const calls: string[] = [];
  return {
    calls,
    prepare: async () => {},
    backward: async (batch, masks) => {
      calls.push(`backward ${batch.size} images`);
      return backward?.(batch, masks) ?? { loss: 1, mainLoss: 1, auxLoss: {}, correct: 0 };
    },
    clip: async ({ kind, limit }) => {
      calls.push(`clip by ${kind} at ${limit}`);
      return 2;
    },
    update: async (given) => {
      calls.push(`update ${given.step}`);
      update?.(given);
    },
    evaluate: async (batch) => {
      calls.push(`evaluate ${batch.size} images`);
      const zeros = {
        losses: new Float32Array(batch.size),
        predicted: new Int32Array(batch.size),
        probabilities: new Float32Array(batch.size * 8),
      };
      const answer = evaluate?.(batch) ?? zeros;
      return { ...answer, logits: new Float32Array(answer.probabilities.length) };
    },
    gradients: async () => {
      calls.push('gradients');
      return state.parameters;
    },
    state: async () => state,
    dispose: () => {},
  };
}
