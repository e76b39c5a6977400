import type { EngineOptions } from '../../engines/onnxruntime/engine.js';
import type { BackendEntry, CompiledBackend, DeviceBackend, EagerBackend } from '../../registry/backends.js';
import type { Tf } from '../../registry/schema.js';
import { type Failure, UnusableBackend } from '../diagnosis.js';
import type { EagerName, loadTfjs } from '../load_tfjs.js';
import type { ProbeMessage, ProbeReport, ProbeRequest } from './protocol.js';
import { requireTrialResult, TRIAL_INPUTS, trial } from './trial.js';

type LoadTfjs = typeof loadTfjs;

/** What is known of a backend once it has computed something. */
type Loaded = Pick<ProbeReport, 'device' | 'threads' | 'versions'>;

/**
 * Waits for a request of the parent process, answers it, and ends the process.
 * @param load gives TensorFlow.js with an eager backend of the registry active
 */
export function answerProbe(registry: Readonly<Record<string, BackendEntry>>, load: LoadTfjs): void {
  // For ever: a listener keeps a process alive that waits for nothing else, so that a backend which hangs is seen to.
  process.on('message', async (request: ProbeRequest) => {
    const answer: ProbeMessage = await probeBackend(registry[request.backend]!, load, request).then(
      (report) => ({ report }),
      (error: unknown) => ({ error: describeError(error) }),
    );
    // Backends may hold threads that would keep the process alive.
    process.send!(answer, () => process.exit());
  });
}

function tell(message: ProbeMessage): void {
  process.send!(message);
}

async function probeBackend(
  entry: BackendEntry,
  load: LoadTfjs,
  request: ProbeRequest,
): Promise<ProbeReport> {
  const { backend, threads, config } = request;
  tell({ stage: 'load' });
  const loaded = await (entry.kind === 'eager'
    ? tryEager(entry, await load(backend as EagerName, threads), threads)
    : entry.kind === 'primitives'
      ? tryOnednn(threads)
      : tryCompiled(executionProviders(entry), threads));
  if (!config) return { ...loaded, kernels: null };
  tell({ stage: 'kernels' });
  if (loaded.device === 'gpu' && entry.kind !== 'eager') {
    const { logPlacement } = await import('../../engines/onnxruntime/run_once.js');
    logPlacement();
  }
  const { checkKernels } = await import('./kernels.js');
  return { ...loaded, kernels: await checkKernels(backend, threads, config) };
}

function executionProviders(entry: CompiledBackend | DeviceBackend): EngineOptions['executionProviders'] {
  return entry.kind === 'compiled' ? entry.executionProviders : [entry.executionProvider];
}

async function tryEager(entry: EagerBackend, tf: Tf, threads: number): Promise<Loaded> {
  tell({ stage: 'compute' });
  const [image, filter, matrix] = Object.values(TRIAL_INPUTS).map(({ shape, values }) =>
    tf.tensor([...values], [...shape]),
  );
  requireTrialResult(await trial(tf, { image: image!, filter: filter!, matrix: matrix! }).data());
  const { version, isGpu } = nativeBackend(tf) ?? {};
  return {
    device: isGpu ? 'gpu' : 'cpu',
    threads: entry.hasThreads ? threads : 1,
    versions: { '@tensorflow/tfjs': tf.version.tfjs, ...(version && { TensorFlow: version }) },
  };
}

/** TensorFlow's version and device, where the backend is its C library. */
function nativeBackend(tf: Tf): { version: string; isGpu: boolean } | null {
  const { binding, isUsingGpuDevice } = tf.backend() as {
    binding?: { TF_Version?: string };
    isUsingGpuDevice?: boolean;
  };
  return binding?.TF_Version ? { version: binding.TF_Version, isGpu: isUsingGpuDevice === true } : null;
}

async function tryCompiled(providers: EngineOptions['executionProviders'], threads: number): Promise<Loaded> {
  const tf = await import('@tensorflow/tfjs');
  const { onnxRuntimeVersion, runOnce } = await import('../../engines/onnxruntime/run_once.js');
  tell({ stage: 'compute' });
  const run = (inputs: Parameters<typeof trial>[1]) => trial(tf, inputs);
  requireTrialResult(await runOnce(run, TRIAL_INPUTS, { executionProviders: providers, threads }));
  return {
    device: providers[0] === 'cpu' ? 'cpu' : 'gpu',
    threads,
    versions: { 'onnxruntime-node': onnxRuntimeVersion },
  };
}

async function tryOnednn(threads: number): Promise<Loaded> {
  const { openOnednn } = await import('../onednn.js');
  const library = await openOnednn();
  const tf = await import('@tensorflow/tfjs');
  const { traceTrial } = await import('./trial_graph.js');
  const { OnednnEngine } = await import('../../engines/onednn/engine.js');
  tell({ stage: 'compute' });
  const { graph, inputs } = await traceTrial(tf);
  const executable = await new OnednnEngine(library, threads).open(graph);
  const output = await executable.run(inputs);
  requireTrialResult(output('result').data as Float32Array);
  await executable.release();
  return { device: 'cpu', threads, versions: { oneDNN: library.version } };
}

/** An error as the parent can read it. */
function describeError(thrown: unknown): NonNullable<Failure['error']> {
  const messages: string[] = [];
  for (let error = thrown; error !== undefined; error = error instanceof Error ? error.cause : undefined) {
    const text = error instanceof Error ? error.message : String(error);
    if (!messages.some((known) => known.includes(text))) messages.push(text);
  }
  return {
    message: messages.join('\n'),
    diagnosis: thrown instanceof UnusableBackend ? thrown.diagnosis : null,
  };
}
