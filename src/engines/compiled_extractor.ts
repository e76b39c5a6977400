import type { Plan } from '../config/resolve.js';
import type { Batch, FeatureExtractor, Weights } from '../model/program.js';
import { ports, traceFeatures } from '../tracing/step_graphs.js';
import type { Views } from '../tracing/view.js';
import { BatchExecutables } from './batch_executables.js';
import { batchViews, padded } from './batch_views.js';
import { type Engine, type Executable, graphFor } from './engine.js';
import { stateViews } from './state_views.js';

/** Computes features by a traced graph. */
export class CompiledExtractor implements FeatureExtractor {
  private readonly executables: BatchExecutables<Executable>;
  private readonly weights: Views;

  constructor(
    private readonly plan: Plan,
    engine: Engine,
    { parameters, buffers }: Weights,
  ) {
    this.weights = new Map([...stateViews(parameters), ...stateViews(buffers)]);
    this.executables = new BatchExecutables(async (size) =>
      engine.open(await graphFor(engine, async (target) => (await traceFeatures(plan, size, target)).graph)),
    );
  }

  async extract(batch: Batch): Promise<Float32Array> {
    const size = Math.max(batch.size, this.executables.largest);
    const inputs = new Map([...this.weights, ...batchViews(this.plan, padded(batch, size))]);
    return this.executables.run(size, async (executable) => {
      const features = (await executable.run(inputs))(ports.features).data as Float32Array;
      return features.slice(0, (features.length / size) * batch.size);
    });
  }

  dispose(): void {
    this.executables.release();
  }
}
