import type { Plan } from '../config/resolve.js';
import type { Program } from '../model/program.js';
import type { ModelState } from '../model/state.js';
import { type BackendEntry, type BackendName, backends, type EagerBackend } from '../registry/backends.js';
import { type BackendChoice, chooseBackend } from './choose.js';
import { UnusableBackend } from './diagnosis.js';
import { isEager, loadTfjs } from './load_tfjs.js';

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
  const backend: Exclude<BackendEntry, EagerBackend> = backends[name];
  const { CompiledProgram } = await import('../engines/compiled_program.js');
  const { OnnxRuntimeEngine } = await import('../engines/onnxruntime/engine.js');
  if (backend.kind === 'compiled') {
    const { executionProviders } = backend;
    const engine = new OnnxRuntimeEngine({ executionProviders, threads, device: false });
    return new CompiledProgram(plan, engine, state);
  }
  const { executionProvider } = backend;
  if (backend.keepsState) {
    const { DeviceProgram } = await import('../engines/onnxruntime/device_program.js');
    return new DeviceProgram(plan, { executionProvider, threads }, state);
  }
  const executionProviders = [executionProvider];
  return new CompiledProgram(
    plan,
    new OnnxRuntimeEngine({ executionProviders, threads, device: true }),
    state,
  );
}

/**
 * The backend that a config asks for, tried out; for `auto`, the best one that can run here.
 * @throws UserError where the one that is named cannot
 */
export async function takeBackend(wanted: BackendName | 'auto', threads: number): Promise<BackendChoice> {
  if (wanted !== 'auto') await requireBackend(wanted, threads);
  return chooseBackend(wanted, async (name) => {
    try {
      await requireBackend(name, threads);
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
  if (backend.kind === 'device') {
    const { requireProvider } = await import('./require_provider.js');
    await requireProvider(name, backend);
  }
}
