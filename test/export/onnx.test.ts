import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import { ModelProtoSchema } from '../../src/engines/onnxruntime/onnx_pb.js';
import * as ort from '../../src/engines/onnxruntime/onnxruntime.js';
import { exportOnnx, openOnnx } from '../../src/export/onnx.js';
import { expectAllClose } from '../helpers/all_close.js';
import { livelyState, programs, randomBatch } from '../helpers/programs.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { everyLayerPlan, exportedPlans } from '../helpers/small_plan.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const description = { version: '1.2.3', metadata: { classes: '["a","b"]', step: '7' } };

async function exported(plan: Plan): Promise<{ path: string; model: Uint8Array }> {
  const model = await exportOnnx(plan, livelyState(plan), description);
  const path = join(temporaryDirectory(), 'model.onnx');
  writeFileSync(path, model);
  return { path, model };
}

describe.each(exportedPlans)('%s', (_, changes) => {
  it('gives the probabilities of TensorFlow.js in batches of any size', async () => {
    const plan = everyLayerPlan(changes);
    const { path } = await exported(plan);
    const program = await programs.cpu(plan, livelyState(plan));
    const model = await openOnnx(path, plan);
    for (const size of [1, 2, 7]) {
      const batch = randomBatch(plan, size, size);
      const { probabilities } = await program.evaluate(batch);
      expectAllClose(await model.probabilities(batch.images, size), probabilities);
    }
    await model.release();
    program.dispose();
  });
});

it('says what it is: ports with names, a free batch size, parameters, metadata', async () => {
  const plan = everyLayerPlan();
  const { model } = await exported(plan);
  const { graph, producerName, producerVersion, metadataProps } = fromBinary(ModelProtoSchema, model);
  expect({ producerName, producerVersion }).toEqual({ producerName: 'gnet', producerVersion: '1.2.3' });
  expect(Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]))).toEqual(
    description.metadata,
  );
  const ports = [...graph!.input, ...graph!.output].map(({ name, type }) => {
    const { value: tensor } = type!.value as { value: { shape: { dim: { value: { value: unknown } }[] } } };
    return [name, ...tensor.shape.dim.map(({ value }) => value.value)];
  });
  expect(ports).toEqual([
    ['images', 'batch', 3n, 6n, 5n],
    ['logits', 'batch', 4n],
    ['probabilities', 'batch', 4n],
  ]);
  const names = graph!.initializer.map(({ name }) => name).filter((name) => name.includes('.'));
  // Those that classify; auxiliary heads only help training.
  expect(names.toSorted()).toEqual(
    [...livelyState(plan).parameters.keys()].filter((name) => !name.startsWith('aux.')).toSorted(),
  );
});

it('probabilities are the softmax of logits', async () => {
  const plan = everyLayerPlan();
  const { path } = await exported(plan);
  const session = await ort.InferenceSession.create(path);
  const { images } = randomBatch(plan, 1, 5);
  const results = await session.run({ images: new ort.Tensor('uint8', images, [1, 3, 6, 5]) });
  const exponentials = [...(results.logits!.data as Float32Array)].map(Math.exp);
  const sum = exponentials.reduce((total, value) => total + value, 0);
  expectAllClose(
    results.probabilities!.data as Float32Array,
    exponentials.map((value) => value / sum),
  );
  await session.release();
});

const missing = whyNoPython('onnx');

it.skipIf(missing)(`ONNX's own checker accepts it${missing ? ` (${missing})` : ''}`, async () => {
  const { path } = await exported(everyLayerPlan({ input: { resize: 9 } }));
  const check = `
import json, onnx, sys
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
print(json.dumps([[p.key, p.value] for p in model.metadata_props]))`;
  expect(Object.fromEntries(runPython(check, path) as [string, string][])).toEqual(description.metadata);
});
