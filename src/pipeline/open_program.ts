import type { Plan } from '../config/resolve.js';
import type { Program } from '../model/program.js';
import type { ModelState } from '../model/state.js';
import type { BackendEntry } from '../registry/backends/backend.js';
import { type BackendName, backends } from '../registry/backends/index.js';

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
  const backend: BackendEntry = backends[name];
  if (backend.kind === 'compiled') {
    const { CompiledProgram } = await import('../tracing/compiled_program.js');
    return new CompiledProgram(plan, { executionProviders: backend.executionProviders, threads }, state);
  }
  if (backend.kind === 'device') {
    const { DeviceProgram } = await import('../tracing/device_program.js');
    return new DeviceProgram(plan, { ...backend, threads }, state);
  }
  const { EagerProgram } = await import('../model/eager_program.js');
  return new EagerProgram(await backend.load(threads), plan, state);
}

/** @throws UserError where the backend cannot run here */
export async function requireBackend(name: BackendName, threads: number): Promise<void> {
  const backend: BackendEntry = backends[name];
  if (backend.kind === 'eager') await backend.load(threads);
  if (backend.kind === 'device') {
    const { requireProvider } = await import('../tracing/require_provider.js');
    await requireProvider(name, backend);
  }
}
