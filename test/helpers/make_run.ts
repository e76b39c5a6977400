import { mkdirSync, writeFileSync } from 'node:fs';
import type { Plan } from '../../src/config/resolve.js';
import { type InitialWeights, runPlanText } from '../../src/runs/run_plan.js';
import { writeSummary } from '../../src/runs/summary.js';
import { type StoredPredictions, writePredictions } from '../../src/storage/predictions.js';
import { runPaths } from '../../src/storage/run_directory.js';
import { tinyPlan } from './tiny_plan.js';

export interface MadeRun {
  /** Keys of the tiny config to replace. */
  readonly changes?: Readonly<Record<string, unknown>>;
  /** Epochs done; the run is finished after both. */
  readonly epochs?: 0 | 1 | 2;
  /** Which of the 20 test images are classified correctly in the end. */
  readonly isRight?: (image: number) => boolean;
  readonly environment?: object;
  readonly init?: Pick<InitialWeights, 'file' | 'sha256'> & Partial<InitialWeights>;
}

export const ENVIRONMENT = {
  started_at: '2026-01-31T12:00:00.000Z',
  command: ['run', 'tiny.yaml'],
  backend: 'onnxruntime-cpu',
  versions: { gnet: '0.1.0' },
  memory_bytes: 8e9,
  gpu: null,
};

/** A run directory as training would leave it, with numbers that tests know. */
export async function makeRun(directory: string, made: MadeRun = {}): Promise<Plan> {
  const { changes = {}, epochs = 2, isRight = (image) => image % 4 !== 0, environment = ENVIRONMENT } = made;
  const { init = null } = made;
  const plan = tinyPlan(changes);
  const paths = runPaths(directory);
  mkdirSync(directory, { recursive: true });
  writeFileSync(paths.plan, runPlanText({ plan, init: init as InitialWeights | null }));
  writeFileSync(paths.environment, JSON.stringify(environment));
  const predictions = somePredictions(plan, isRight);
  const { labels, predicted } = predictions;
  const count = labels.length;
  const correct = labels.filter((label, image) => label === predicted[image]).length;
  const last = { loss: 0.5, accuracy: correct / count, correct, count };
  const first = { loss: 2, accuracy: 0.05, correct: 1, count };
  const lines = [first, last].slice(0, epochs).flatMap((test, index) => epochLines(index + 1, test));
  writeFileSync(paths.metrics, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (epochs < 2) return plan;
  await writePredictions(paths.predictions, predictions);
  await writeSummary(paths, {
    name: plan.config.name,
    run_directory: directory,
    backend: 'onnxruntime-cpu',
    epochs: 2,
    steps: 14,
    parameters: plan.parameterCount,
    seconds: 65,
    best: { epoch: 2, step: 14, accuracy: last.accuracy, loss: last.loss },
    chosen_on: plan.dataset.chosenOn,
    test: last,
  });
  return plan;
}

/** Labels as the shapes data set has them; a wrong answer is the next class. */
function somePredictions({ dataset }: Plan, isRight: (image: number) => boolean): StoredPredictions {
  const classes = dataset.classes.length;
  const labels = Int32Array.from({ length: dataset.count.test }, (_, image) => image % classes);
  const predicted = labels.map((label, image) => (isRight(image) ? label : (label + 1) % classes));
  const probabilities = Float32Array.from(labels, (_, image) => 0.5 + image / 64);
  return { labels, predicted, probabilities, losses: probabilities.map((p) => -Math.log(p)) };
}

function epochLines(epoch: number, test: object): object[] {
  const train = (step: number) => ({
    step,
    epoch,
    loss: 3 / step,
    main_loss: 2 / step,
    aux_loss: { head: 2.5 / step },
    accuracy: step / 20,
    learning_rate: 0.01 / step,
    images_per_second: 100 * epoch,
  });
  const steps = Array.from({ length: 7 }, (_, i) => ({ split: 'train', ...train((epoch - 1) * 7 + i + 1) }));
  const at = { step: epoch * 7, epoch };
  return [
    ...steps,
    { split: 'train_epoch', ...train(epoch * 7), count: 52 },
    { split: 'test', ...at, ...test },
  ];
}
