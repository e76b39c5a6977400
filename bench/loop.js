// @ts-check
/**
 * What the training loop costs beside the bare step: shuffling, augmentation, batches, metrics and event files.
 * Usage: npm run build && node bench/loop.js [CONFIG] [STEPS]
 *
 * Runs the bare step (one batch, again and again) and the whole loop in turns, and prints the median of the ratios.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProgram } from '../dist/backends/open_program.js';
import { loadPlan } from '../dist/config/load_plan.js';
import { allocateBatch, batchAt, epochOrder } from '../dist/data/batches.js';
import { loadRecords } from '../dist/data/open.js';
import { drawMasks } from '../dist/model/masks.js';
import { initialState } from '../dist/model/state.js';
import { START } from '../dist/pipeline/progress.js';
import { Recorder } from '../dist/pipeline/recorder.js';
import { train } from '../dist/pipeline/train.js';
import { datasets } from '../dist/registry/datasets/index.js';
import { runPaths } from '../dist/storage/run_directory.js';

const ROUNDS = 6;
const [config = 'configs/quickstart.yaml', stepsText = '60'] = process.argv.slice(2);
const steps = Number(stepsText);
const { plan: wanted } = await loadPlan(config);
const { batch_size: batchSize } = wanted.config.training;
const { plan } = await loadPlan(config, [
  'dataset={type: shapes}',
  `dataset.limit={train: ${Math.min(steps * batchSize, 6000)}, test: 1}`,
  'training.epochs=1',
]);
const { dataset, seed } = plan.config;
const data = await loadRecords(datasets[dataset.type], dataset, seed);
const program = await openProgram(plan, 'onnxruntime-cpu', 2, initialState(plan));
const order = epochOrder(seed, 1, data.train.count, false);
const batch = batchAt(
  { records: data.train, order, batchSize, augment: [] },
  0,
  allocateBatch(data.train.image, batchSize),
);
const masks = drawMasks(plan, 1, 0, batchSize);

/** Images a second of `run`, which trains on all records of an epoch. */
async function imagesPerSecond(/** @type {() => Promise<void>} */ run) {
  const start = performance.now();
  await run();
  return (plan.dataset.count.train * 1000) / (performance.now() - start);
}

async function bare() {
  for (let step = 1; step <= plan.horizon.stepsPerEpoch; step++) {
    await program.train(batch, masks, { step, learningRate: 0 });
  }
}

async function loop() {
  const directory = await mkdtemp(join(tmpdir(), 'gnet-bench-'));
  const facts = { plan, started_at: new Date().toISOString(), backend: 'onnxruntime-cpu' };
  const recorder = Recorder.open(runPaths(directory), null, facts);
  const output = { progress: () => {}, line: () => {} };
  // The evaluation and the checkpoint that end an epoch are no part of the comparison.
  const ended = new Error('end of the epoch');
  const evaluating = {
    ...program,
    train: program.train.bind(program),
    evaluate: () => Promise.reject(ended),
  };
  const checkpoints = { lastSaved: null, save: async () => {}, settle: async () => {} };
  try {
    const stopRequested = async () => false;
    // @ts-expect-error: stands in for a CheckpointWriter
    await train({ plan, program: evaluating, data, recorder, checkpoints, output, stopRequested }, START);
  } catch (error) {
    if (error !== ended) throw error;
  } finally {
    recorder.close();
    await rm(directory, { recursive: true });
  }
}

await bare();
const ratios = [];
for (let round = 0; round < ROUNDS; round++) {
  const [b, l] = [await imagesPerSecond(bare), await imagesPerSecond(loop)];
  ratios.push(l / b);
  console.log(
    `bare step ${b.toFixed(0)} images/s, loop ${l.toFixed(0)} images/s, ratio ${(l / b).toFixed(4)}`,
  );
}
ratios.sort((a, b) => a - b);
console.log(`median ratio ${((ratios[ROUNDS / 2 - 1] + ratios[ROUNDS / 2]) / 2).toFixed(4)}`);
program.dispose();
