import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { encodeModel } from '../engines/onnxruntime/encode.js';
import type { BackendName, DeviceBackend } from '../registry/backends.js';
import '../engines/onnxruntime/no_telemetry.js'; // the process that tries it out inherits the variable
import { GraphBuilder } from '../tracing/graph.js';
import { diagnose } from './diagnose.js';
import { type Failure, UnusableBackend } from './diagnosis.js';
import { examineSystem } from './system.js';
import { reinstallCommand } from './tensorflow.js';

const run = promisify(execFile);

/** Runs a graph with the input x; an error goes to stdout, as drivers and libraries print to stderr. */
const PROBE = `
const [path, provider, model] = process.argv.slice(1);
const ort = require(path);
ort.InferenceSession.create(Buffer.from(model, 'base64'), { executionProviders: [JSON.parse(provider)] })
  .then((session) => session.run({ x: new ort.Tensor('float32', [1], [1, 1, 1, 1]) }))
  .then(() => process.exit(0), (error) => { console.log(error.message); process.exit(1); });
`;

/** A driver that does not answer must not keep a run waiting for ever. */
const TIMEOUT_MS = 60_000;

/**
 * Tries a GPU provider out in a process of its own: drivers print to the terminal, and the name of a missing library is
 * told nowhere else; some end the process.
 * @throws UnusableBackend that says what is missing and how to mend it, where the provider cannot run here
 */
export async function requireProvider(name: BackendName, backend: DeviceBackend): Promise<void> {
  const path = createRequire(import.meta.url).resolve('onnxruntime-node');
  const model = Buffer.from(probeModel()).toString('base64');
  try {
    await run(process.execPath, ['-e', PROBE, path, JSON.stringify(backend.executionProvider), model], {
      timeout: TIMEOUT_MS,
    });
  } catch (error) {
    const facts = { system: await examineSystem(), reinstall: reinstallCommand(name) };
    throw new UnusableBackend(name, diagnose(failure(error as EndedProcess), facts), error);
  }
}

/** What `execFile` throws. */
interface EndedProcess {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly killed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function failure({ code, signal, killed, stdout, stderr }: EndedProcess): Failure {
  const message = stdout.trim();
  if (killed) return { ...TRIED, ended: { how: 'time limit', seconds: TIMEOUT_MS / 1000 }, stderr };
  if (signal) return { ...TRIED, ended: { how: 'signal', signal }, stderr };
  if (!message) return { ...TRIED, ended: { how: 'exit', code: code! }, stderr };
  return { ...TRIED, ended: { how: 'error' }, error: { message, diagnosis: null }, stderr };
}

const TRIED = { during: 'compute', error: null } as const;

/** A convolution: CUDA loads cuDNN at the first one. */
function probeModel(): Uint8Array {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [1, 1, 1, 1]);
  graph.output('y', graph.node('Conv', [x, graph.floats([1], [1, 1, 1, 1])]), 'float32', [1, 1, 1, 1]);
  return encodeModel(graph.finish());
}
