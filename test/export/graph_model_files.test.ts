import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { GraphModel } from '../../src/export/graph_model.js';
import { graphModelLoader, toArtifacts, writeGraphModel } from '../../src/export/graph_model_files.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

/** Two weights of more than two shards. */
const large = Float32Array.from({ length: 2_200_000 }, (_, index) => index);
const graph: GraphModel = {
  nodes: [],
  weights: new Map([
    ['a', { shape: [2_200_000], dtype: 'float32', values: large }],
    ['b', { shape: [2], dtype: 'int32', values: Int32Array.from([-1, 7]) }],
  ]),
  inputs: {},
  outputs: {},
};
const origin = { generatedBy: 'a test', userDefinedMetadata: { classes: '["a"]' } };

test('weights are cut into shards of 4 MB, and are read back as they were', async () => {
  const directory = temporaryDirectory();
  await writeGraphModel(directory, graph, origin);
  const shards = ['group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin'];
  expect(readdirSync(directory).toSorted()).toEqual([...shards, 'model.json']);
  expect(shards.map((name) => statSync(join(directory, name)).size)).toEqual([
    4_194_304,
    4_194_304,
    4 * 2_200_002 - 8_388_608,
  ]);
  const loaded = await graphModelLoader(directory).load!();
  const { weightData, weightSpecs, ...rest } = toArtifacts(graph);
  expect(loaded).toMatchObject({ ...rest, ...origin, weightSpecs });
  expect(Buffer.from(loaded.weightData as ArrayBuffer).equals(Buffer.from(weightData as ArrayBuffer))).toBe(
    true,
  );
});

test('model.json is what tf.loadGraphModel expects', async () => {
  const directory = temporaryDirectory();
  await writeGraphModel(directory, { ...graph, weights: new Map() }, origin);
  expect(JSON.parse(readFileSync(join(directory, 'model.json'), 'utf8'))).toEqual({
    format: 'graph-model',
    generatedBy: 'a test',
    convertedBy: null,
    modelTopology: { node: [], library: {}, versions: { producer: 1 } },
    signature: { inputs: {}, outputs: {} },
    userDefinedMetadata: { classes: '["a"]' },
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: [] }],
  });
});
