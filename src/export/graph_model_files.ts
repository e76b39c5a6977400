import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs';
import { writeNewFile } from '../storage/atomic.js';
import type { GraphModel, Weight } from './graph_model.js';

const MODEL_FILE = 'model.json';
/** What TensorFlow.js' own converter takes. */
const SHARD_BYTES = 4 * 1024 * 1024;

interface Origin {
  readonly generatedBy: string;
  readonly userDefinedMetadata: Readonly<Record<string, string>>;
}

/** The model in TensorFlow.js' terms, in memory. */
export function toArtifacts(graph: GraphModel): io.ModelArtifacts {
  const weights = [...graph.weights];
  return {
    format: 'graph-model',
    modelTopology: { node: graph.nodes, library: {}, versions: { producer: 1 } },
    signature: { inputs: graph.inputs, outputs: graph.outputs },
    weightSpecs: weights.map(([name, { shape, dtype }]) => ({ name, shape: [...shape], dtype })),
    weightData: joined(weights.map(([, weight]) => weight)).buffer,
  };
}

function joined(weights: readonly Weight[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(weights.reduce((sum, { values }) => sum + values.byteLength, 0));
  let offset = 0;
  for (const { values } of weights) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return bytes;
}

/** Writes model.json with the graph, and the weights in pieces (group1-shard1of2.bin …) that browsers load side by side. */
export async function writeGraphModel(directory: string, graph: GraphModel, origin: Origin): Promise<void> {
  const { weightSpecs, weightData, ...model } = toArtifacts(graph);
  const bytes = new Uint8Array(weightData as ArrayBuffer);
  const count = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  const paths = Array.from({ length: count }, (_, index) => `group1-shard${index + 1}of${count}.bin`);
  for (const [index, path] of paths.entries()) {
    const shard = bytes.subarray(index * SHARD_BYTES, (index + 1) * SHARD_BYTES);
    await writeNewFile(join(directory, path), shard);
  }
  const weightsManifest = [{ paths, weights: weightSpecs }];
  const json = { ...model, ...origin, convertedBy: null, weightsManifest };
  await writeNewFile(join(directory, MODEL_FILE), `${JSON.stringify(json)}\n`);
}

/** Reads such a directory for `tf.loadGraphModel`, which has no file system in Node.js. */
export function graphModelLoader(directory: string): io.IOHandler {
  return {
    load: async () => {
      const json = await readFile(join(directory, MODEL_FILE), 'utf8');
      const { weightsManifest, ...model } = JSON.parse(json) as io.ModelJSON;
      const [group] = weightsManifest;
      const shards = await Promise.all(group!.paths.map((path) => readFile(join(directory, path))));
      const weightData = Uint8Array.from(Buffer.concat(shards)).buffer;
      return { ...model, weightSpecs: group!.weights, weightData } as io.ModelArtifacts;
    },
  };
}
