import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { expect, onTestFinished, test } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { fromStateDict, initialState } from '../../src/model/state.js';
import { CheckpointWriter } from '../../src/pipeline/checkpoint.js';
import { START } from '../../src/pipeline/progress.js';
import { Recorder } from '../../src/pipeline/recorder.js';
import { train } from '../../src/pipeline/train.js';
import { readCheckpoint } from '../../src/storage/checkpoints.js';
import { runPaths } from '../../src/storage/run_directory.js';
import { randomBatch } from '../helpers/programs.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { whyNoTensorflow } from '../helpers/tensorflow.js';
import { TINY } from '../helpers/tiny_config.js';
import { dataOf, factsOf, tinyPlan } from '../helpers/tiny_plan.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Epochs (of 7 steps) after which everything that is made once exists. */
const WARM_UP = 8;
/** 250 kB of parameters: who leaks a copy of them, or of the gradients, in each step needs 40 MB more after 200 steps. */
const layers = [
  { type: 'conv', name: 'conv1', filters: 8, kernel: 3, stride: 4, padding: 1, activation: 'relu' },
  { type: 'flatten', name: 'flatten' },
  { type: 'linear', name: 'fc1', units: 120, activation: 'relu' },
  { type: 'dropout', name: 'dropout', rate: 0.3 },
  { type: 'linear', name: 'fc', units: 'num_classes' },
];
const MARGIN_BYTES = 12e6;

// Tensors are counted exactly, and so on wasm a few steps will do.
test.for([
  ['onnxruntime-cpu', 36],
  ['tensorflow', 36],
  ['wasm', 6],
] as const)(
  'steps, checkpoints, evaluations and loads need no more and more memory: %s, %d epochs',
  async ([backend, epochs], { skip }) => {
    skip(backend === 'tensorflow' && whyNoTensorflow !== null, whyNoTensorflow ?? '');
    await tf.setBackend('cpu'); // the one that tracing gives back, and that can tell of its memory
    const plan = tinyPlan({
      model: { layers, auxiliary: [{ ...TINY.model.auxiliary[0], after: 'conv1' }] },
      training: { epochs, batch_size: 8 },
    });
    const paths = runPaths(temporaryDirectory());
    const program = await openProgram(plan, backend, 1, initialState(plan));
    const recorder = Recorder.open(paths, null, factsOf(plan));
    onTestFinished(() => {
      program.dispose();
      recorder.close();
    });
    const checkpoints = new CheckpointWriter(plan, program, recorder, paths, null);
    const tensors: number[] = [];
    const resident: number[] = [];
    const sample = () => {
      collectGarbage();
      tensors.push(tf.memory().numTensors);
      resident.push(process.memoryUsage.rss());
    };
    const data = await dataOf(plan);
    const position = await train(
      {
        plan,
        program,
        average: null,
        data,
        inputs: data,
        recorder,
        checkpoints,
        output: { progress: () => {}, line: sample }, // a line tells of each epoch
        stopRequested: async () => false,
      },
      START,
    );
    expect(position).toMatchObject({ step: 7 * epochs, finished: true });
    expect(resident).toHaveLength(epochs);
    for (let i = 0; i < 5; i++) {
      const { tensors: read } = await readCheckpoint(join(paths.checkpoints, 'last'));
      const batch = randomBatch(plan, 2, i);
      await program.evaluate(batch, fromStateDict(plan.network, read, 'last'));
      await program.evaluate(batch);
    }
    sample();

    expect(new Set(tensors)).toEqual(new Set([tensors[0]]));
    if (epochs < 2 * WARM_UP) return;
    const [early, late] = [resident.slice(WARM_UP, WARM_UP + 4), resident.slice(-4)];
    expect(Math.min(...late) - Math.max(...early)).toBeLessThan(MARGIN_BYTES);
  },
);
