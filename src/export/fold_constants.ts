import * as tf from '@tensorflow/tfjs';
import { loadCpu } from '../engines/eager/cpu.js';
import { constantNode, type GraphModel, type NodeDef, type Weight } from './graph_model.js';
import { toArtifacts } from './graph_model_files.js';

/**
 * Computes once what depends on weights alone, such as filters in the layout that TensorFlow.js wants: a graph model is
 * executed as it is, and would do it again for every batch.
 */
export async function foldConstants(graph: GraphModel): Promise<GraphModel> {
  const constant = new Set<string>();
  for (const { name, op, input } of graph.nodes) {
    if (op === 'Const' || (input.length > 0 && input.every((each) => constant.has(nodeOf(each))))) {
      constant.add(name);
    }
  }
  const isWeight = (name: string) => graph.weights.has(name);
  const variable = graph.nodes.filter(({ name }) => !constant.has(name));
  const read = new Set(variable.flatMap(({ input }) => input));
  const wanted = [...read].filter((reference) => constant.has(nodeOf(reference)) && !isWeight(reference));
  const computed = await compute(graph, wanted);
  const rename = new Map(wanted.map((reference) => [reference, reference.replace(':', '_')]));
  const nodes = variable.map((node) => ({
    ...node,
    input: node.input.map((each) => rename.get(each) ?? each),
  }));
  const weights = new Map<string, Weight>([
    ...[...graph.weights].filter(([name]) => read.has(name)),
    ...wanted.map((reference, index) => [rename.get(reference)!, computed[index]!] as const),
  ]);
  const constants: NodeDef[] = [...weights].map(([name, { dtype }]) => constantNode(name, dtype));
  return { ...graph, nodes: [...constants, ...nodes], weights };
}

function nodeOf(reference: string): string {
  return reference.split(':')[0]!;
}

/** Values of a graph that depend on no input, computed in plain JavaScript. */
async function compute(graph: GraphModel, references: readonly string[]): Promise<Weight[]> {
  if (references.length === 0) return [];
  const before = tf.getBackend();
  await loadCpu();
  const model = await tf.loadGraphModel(tf.io.fromMemory(toArtifacts(graph)));
  try {
    const tensors = [model.execute({}, [...references])].flat();
    const weights = tensors.map(
      (tensor): Weight => ({
        shape: tensor.shape,
        dtype: tensor.dtype === 'int32' ? 'int32' : 'float32',
        values: tensor.dataSync<'float32' | 'int32'>(),
      }),
    );
    tf.dispose(tensors);
    return weights;
  } finally {
    model.dispose();
    if (before) await tf.setBackend(before);
  }
}
