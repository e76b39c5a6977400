import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/config/load_plan.js';
import type { Plan } from '../../src/config/resolve.js';
import { ModelProtoSchema } from '../../src/engines/onnxruntime/onnx_pb.js';
import { writeGraphModel } from '../../src/export/graph_model_files.js';
import { exportOnnx, openOnnx } from '../../src/export/onnx.js';
import { exportGraphModel, openGraphModel } from '../../src/export/tfjs.js';
import { initialState, type ModelState } from '../../src/model/state.js';
import { programs, randomBatch } from '../helpers/programs.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { TestRandom } from '../helpers/random.js';

/** The smallest images that each network takes, of those that a test has the time for. */
const SIZES = {
  resnet18: 32,
  mobilenet_v2: 32,
  mobilenet_v3_small: 32,
  efficientnet_b0: 32,
  squeezenet1_1: 32,
} as const;
const IMAGES = 2;

/** Reads a directory of models, and the images of all. */
const SCRIPT = `
import json, sys
import numpy as np, onnxruntime
onnxruntime.set_default_logger_severity(3)
directory, *names = sys.argv[1:]
images = np.fromfile(f'{directory}/images', np.uint8).reshape(${IMAGES}, 3, 32, 32)
print(json.dumps({name: onnxruntime.InferenceSession(f'{directory}/{name}.onnx', providers=['CPUExecutionProvider'])
                  .run(['logits'], {'images': images})[0].flatten().tolist() for name in names}))`;

/** The initial state, but that norms divide and shift by more than 1 and 0. */
function livelyState(plan: Plan): ModelState {
  const state = initialState(plan);
  const random = new TestRandom(5);
  for (const [name, { shape, data }] of [...state.parameters, ...state.buffers]) {
    if (shape.length !== 1 || !(data instanceof Float32Array)) continue;
    const noise = random.tensor(shape).values;
    const middle = name.endsWith('.weight') || name.endsWith('running_var') ? 1 : 0;
    for (let i = 0; i < noise.length; i++) data[i] = middle + 0.2 * noise[i]!;
  }
  return state;
}

/** The largest difference, as a share of the largest value. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  const values = Array.from(expected);
  const largest = Math.max(...values.map(Math.abs));
  return Math.max(...values.map((value, index) => Math.abs(actual[index]! - value))) / largest;
}

const missing = whyNoPython('onnxruntime', 'numpy');

describe('exports of known networks', { timeout: 300_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const expected = new Map<string, Float32Array>();

  it.each(Object.entries(SIZES))('%s: ONNX and TensorFlow.js give the logits', async (name, size) => {
    const { plan } = await loadPlan(`configs/zoo/${name}.yaml`, [`input.resize=${size}`]);
    const state = livelyState(plan);
    const batch = randomBatch(plan, IMAGES, 1);
    const program = await programs['onnxruntime-cpu'](plan, state);
    const { logits } = await program.evaluate(batch);
    program.dispose();
    expected.set(name, logits);
    writeFileSync(join(directory, 'images'), batch.images);

    const file = join(directory, `${name}.onnx`);
    const bytes = await exportOnnx(plan, state, { version: '1', metadata: {} });
    writeFileSync(file, bytes);
    if (name === 'resnet18') {
      const operators = fromBinary(ModelProtoSchema, bytes).graph!.node.map(({ opType }) => opType);
      // Its 20 batch norms are gone; what is added are the sums of the residual blocks, and the classifier's bias.
      const behind = operators.slice(operators.indexOf('Conv'));
      const counts = ['Conv', 'BatchNormalization', 'Mul', 'Sub', 'Sqrt', 'Add'].map(
        (type) => behind.filter((operator) => operator === type).length,
      );
      expect(counts).toEqual([20, 0, 0, 0, 0, 9]);
    }
    const folder = join(directory, name);
    mkdirSync(folder);
    const origin = { generatedBy: 'gnet', userDefinedMetadata: {} };
    await writeGraphModel(folder, await exportGraphModel(plan, state), origin);
    for (const model of [await openOnnx(file, plan), await openGraphModel(folder, plan)]) {
      expect(difference((await model.predict(batch.images, IMAGES)).logits, logits)).toBeLessThan(1e-4);
      await model.release();
    }
  });

  it.skipIf(missing)(`Python's ONNX Runtime gives them, too${missing ? ` (${missing})` : ''}`, () => {
    const answer = runPython(SCRIPT, directory, ...expected.keys()) as Record<string, number[]>;
    for (const [name, logits] of expected) expect(difference(answer[name]!, logits), name).toBeLessThan(1e-4);
  });
});
