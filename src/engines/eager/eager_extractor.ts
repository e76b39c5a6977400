import type { Plan } from '../../config/resolve.js';
import type { Batch, FeatureExtractor, Weights } from '../../model/program.js';
import { featureStep, type ModelTensors } from '../../model/step.js';
import type { Tf } from '../../registry/schema.js';
import type { StateTensor } from '../../storage/safetensors.js';
import { inputTensor, stateTensor } from './eager_program.js';

/** Computes features on the active TensorFlow.js backend, operation by operation. */
export class EagerExtractor implements FeatureExtractor {
  private readonly model: ModelTensors;

  constructor(
    private readonly tf: Tf,
    private readonly plan: Plan,
    { parameters, buffers }: Weights,
  ) {
    const tensors = (from: ReadonlyMap<string, StateTensor>) =>
      new Map([...from].map(([name, tensor]) => [name, stateTensor(tf, tensor)]));
    this.model = { parameters: tensors(parameters), buffers: tensors(buffers) };
  }

  async extract(batch: Batch): Promise<Float32Array> {
    const { tf, plan, model } = this;
    const features = tf.tidy(() => featureStep(tf, plan, model, inputTensor(tf, plan, batch)));
    const values = await features.data();
    features.dispose();
    return values as Float32Array;
  }

  dispose(): void {
    this.tf.dispose([...this.model.parameters.values(), ...this.model.buffers.values()]);
  }
}
