import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../config/resolve.js';
import { loadWasm } from '../engines/eager/wasm.js';
import type { Weights } from '../model/program.js';
import { ports } from '../tracing/step_graphs.js';
import { input } from '../tracing/trace_graph.js';
import { ANY_BATCH } from './dynamic_batch.js';
import { foldConstants } from './fold_constants.js';
import { type GraphModel, toGraphModel } from './graph_model.js';
import { graphModelLoader } from './graph_model_files.js';
import { graphModelOperations } from './tensorflow_ops.js';
import { type OpenedExport, predictionPorts, tracePrediction } from './trace_prediction.js';

/**
 * A trained model as a TensorFlow.js graph model: preprocessing, network, parameters and buffers.
 * Input: images, int32 [batch, height, width, channels], as tf.browser.fromPixels gives one. Outputs: logits and
 * probabilities, float32 [batch, classes].
 */
export async function exportGraphModel(plan: Plan, weights: Weights): Promise<GraphModel> {
  const { channels, height, width } = plan.dataset.image;
  const graph = await tracePrediction(graphModelOperations, plan, weights, (trace) => {
    const pixels = input(trace, ports.images, 'int32', [ANY_BATCH, height, width, channels]);
    return tf.transpose(pixels, [0, 3, 1, 2]);
  });
  return foldConstants(toGraphModel(graph));
}

/** Opens a directory that holds a graph model, with TensorFlow.js' WebAssembly backend. */
export async function openGraphModel(directory: string, plan: Plan): Promise<OpenedExport> {
  return loadGraphModel(graphModelLoader(directory), plan);
}

/** As `openGraphModel`, from anywhere. */
export async function loadGraphModel(loader: tf.io.IOHandler, plan: Plan): Promise<OpenedExport> {
  await loadWasm();
  const model = await tf.loadGraphModel(loader);
  const { channels, height, width } = plan.dataset.image;
  return {
    predict: async (images, size) => {
      const results = tf.tidy(() => {
        const planes = tf.tensor4d(Int32Array.from(images), [size, channels, height, width], 'int32');
        const pixels = tf.transpose(planes, [0, 2, 3, 1]);
        const { logits, probabilities } = predictionPorts;
        return model.execute({ [ports.images]: pixels }, [logits, probabilities]) as tf.Tensor[];
      });
      const [logits, probabilities] = await Promise.all(results.map((each) => each.data<'float32'>()));
      tf.dispose(results);
      return { logits: logits!, probabilities: probabilities! };
    },
    release: async () => model.dispose(),
  };
}
