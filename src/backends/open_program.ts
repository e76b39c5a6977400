import type { Plan } from '../config/resolve.js';
import type { Engine } from '../engines/engine.js';
import type { FeatureExtractor, Program, Weights } from '../model/program.js';
import type { ModelState } from '../model/state.js';
import { type BackendEntry, type BackendName, backends, type EagerBackend } from '../registry/backends.js';
import { type BackendChoice, chooseBackend } from './choose.js';
import { UnusableBackend } from './diagnosis.js';
import { isEager, loadTfjs } from './load_tfjs.js';

type CompilingBackend = Exclude<BackendEntry, EagerBackend>;

/**
 * The model on a backend. Loads TensorFlow.js and, where the backend compiles, ONNX Runtime.
 * @param threads of one operation
 * @throws UserError where the backend cannot run here
 */
export async function openProgram(
  plan: Plan,
  name: BackendName,
  threads: number,
  state: ModelState,
): Promise<Program> {
  if (isEager(name)) {
    const { EagerProgram } = await import('../engines/eager/eager_program.js');
    return new EagerProgram(await loadTfjs(name, threads), plan, state);
  }
  const backend: CompilingBackend = backends[name];
  if (backend.kind === 'device' && backend.keepsState) {
    const { executionProvider } = backend;
    const { DeviceProgram } = await import('../engines/onnxruntime/device_program.js');
    return new DeviceProgram(plan, { executionProvider, threads }, state);
  }
  const { CompiledProgram } = await import('../engines/compiled_program.js');
  return new CompiledProgram(plan, await openEngine(backend, threads), state);
}

/**
 * What computes features on a backend. @param plan of the layers that give them @param weights theirs
 * @throws UserError where the backend cannot run here
 */
export async function openExtractor(
  plan: Plan,
  name: BackendName,
  threads: number,
  weights: Weights,
): Promise<FeatureExtractor> {
  if (isEager(name)) {
    const { EagerExtractor } = await import('../engines/eager/eager_extractor.js');
    return new EagerExtractor(await loadTfjs(name, threads), plan, weights);
  }
  const { CompiledExtractor } = await import('../engines/compiled_extractor.js');
  return new CompiledExtractor(plan, await openEngine(backends[name], threads), weights);
}

/** What runs graphs whose inputs and outputs are in host memory. */
async function openEngine(backend: CompilingBackend, threads: number): Promise<Engine> {
  if (backend.kind === 'primitives') {
    const { openOnednn } = await import('./onednn.js');
    const { OnednnEngine } = await import('../engines/onednn/engine.js');
    return new OnednnEngine(await openOnednn(), threads);
  }
  const { OnnxRuntimeEngine } = await import('../engines/onnxruntime/engine.js');
  return backend.kind === 'compiled'
    ? new OnnxRuntimeEngine({ executionProviders: backend.executionProviders, threads, device: false })
    : new OnnxRuntimeEngine({ executionProviders: [backend.executionProvider], threads, device: true });
}

/**
 * The backend that a config asks for, tried out; for `auto`, the best one that can run here.
 * @param require tries it
 * @throws UserError where the one that is named cannot
 */
export async function takeBackend(
  wanted: BackendName | 'auto',
  threads: number,
  require: typeof requireBackend = requireBackend,
): Promise<BackendChoice> {
  if (wanted !== 'auto') await require(wanted, threads);
  return chooseBackend(wanted, async (name) => {
    try {
      await require(name, threads);
      return null;
    } catch (error) {
      if (error instanceof UnusableBackend) return error.diagnosis.cause;
      throw error;
    }
  });
}

/** @throws UserError where the backend cannot run here */
export async function requireBackend(name: BackendName, threads: number): Promise<void> {
  const backend: BackendEntry = backends[name];
  if (isEager(name)) await loadTfjs(name, threads);
  if (backend.kind === 'primitives') {
    const { openOnednn } = await import('./onednn.js');
    await openOnednn();
  }
  if (backend.kind === 'device') {
    const { requireProvider } = await import('./require_provider.js');
    await requireProvider(name, backend);
  }
}
