import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { UserError } from '../errors.js';
import type { DeviceBackend } from '../registry/backends/backend.js';
import { GraphBuilder } from './graph.js';

const run = promisify(execFile);

/** Runs a graph with the input x, and prints nothing where that works. */
const PROBE = `
const [path, provider, model] = process.argv.slice(1);
const ort = require(path);
ort.InferenceSession.create(Buffer.from(model, 'base64'), { executionProviders: [JSON.parse(provider)] })
  .then((session) => session.run({ x: new ort.Tensor('float32', [1], [1, 1, 1, 1]) }))
  .then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });
`;

/** A driver that does not answer must not keep a run waiting for ever. */
const TIMEOUT_MS = 60_000;

/**
 * Tries a GPU provider out in a process of its own: drivers print to the terminal, and the name of a missing library is
 * told nowhere else; some end the process.
 * @throws UserError that says what is missing and how to mend it, where the provider cannot run here
 */
export async function requireProvider(name: string, backend: DeviceBackend): Promise<void> {
  const path = createRequire(import.meta.url).resolve('onnxruntime-node');
  const model = Buffer.from(probeModel()).toString('base64');
  try {
    await run(process.execPath, ['-e', PROBE, path, JSON.stringify(backend.executionProvider), model], {
      timeout: TIMEOUT_MS,
    });
  } catch (error) {
    const { stderr, signal } = error as { stderr: string; signal: string | null };
    const diagnosis = backend.diagnose(stderr);
    const cause = diagnosis?.cause ?? (lastLine(stderr) || `trying it out ended with ${signal}`);
    const hint =
      diagnosis === null
        ? 'Take "--backend onnxruntime-cpu".'
        : `${diagnosis.hint}\nOr take "--backend onnxruntime-cpu".`;
    throw new UserError(`backend ${name} cannot run here: ${cause}`, { hint, cause: error });
  }
}

/** A convolution: CUDA loads cuDNN at the first one. */
function probeModel(): Uint8Array {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [1, 1, 1, 1]);
  graph.output('y', graph.node('Conv', [x, graph.floats([1], [1, 1, 1, 1])]), 'float32', [1, 1, 1, 1]);
  return graph.encode();
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!.trim();
}
