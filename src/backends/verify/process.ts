import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Interrupted, UserError } from '../../errors.js';
import type { NamedTensor, StateTensor } from '../../storage/safetensors.js';
import type { Trained } from './compare_training.js';
import type { StatePart, TrainingFailure, TrainingMessage, TrainingRequest } from './protocol.js';

export interface TrainingOptions {
  /** The JavaScript file that the process runs. */
  readonly entry?: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told after each step which one it was, counted from 1. */
  readonly onStep: (step: number) => void;
}

const ENTRY = fileURLToPath(new URL('./main.js', import.meta.url));

/**
 * Trains the first steps of a config on one backend, in a process of its own: two of TensorFlow's libraries cannot be
 * loaded into one, and of two backends that share a GPU the first would keep its memory.
 * @throws UserError where the backend fails or ends the process, Interrupted through the signal
 */
export async function trainInProcess(
  request: TrainingRequest,
  { entry = ENTRY, signal, onStep }: TrainingOptions,
): Promise<Trained> {
  if (signal.aborted) throw new Interrupted();
  const losses: number[] = [];
  const parameters = new Map<string, NamedTensor>();
  const buffers = new Map<string, StateTensor>();
  const slots = new Map<string, Map<string, NamedTensor>>();
  const ended: { done: boolean; failure?: TrainingFailure } = { done: false };
  let stderr = '';
  const child = fork(entry, [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    serialization: 'advanced', // as JSON, tensors would be text
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  child.on('message', (message: TrainingMessage) => {
    if ('loss' in message) {
      losses.push(message.loss);
      onStep(losses.length);
    } else if ('tensor' in message) {
      tensorsOf(message.part).set(message.name, message.tensor);
    } else if ('failure' in message) ended.failure = message.failure;
    else ended.done = true;
  });
  const tensorsOf = (part: StatePart) => {
    if (part === 'buffers') return buffers;
    // Only buffers hold counters.
    if (part === 'parameters') return parameters as Map<string, StateTensor>;
    const tensors = slots.get(part.slot) ?? new Map<string, NamedTensor>();
    slots.set(part.slot, tensors);
    return tensors as Map<string, StateTensor>;
  };
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  try {
    // It may have ended already: then it is its end that counts.
    child.on('error', () => {});
    child.send(request, () => {});
    const [code, name] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal.aborted) throw new Interrupted();
    if (ended.failure) throw errorOf(ended.failure);
    if (ended.done) return { losses, state: { parameters, buffers, slots } };
    throw new UserError(
      `backend ${request.backend} failed after ${losses.length} of ${request.steps} steps: its process ended with ` +
        `${name ?? `exit code ${code}`}${lastLine(stderr)}`,
      { hint: 'gnet doctor tells which backends work here.' },
    );
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** Characters of what a process printed last. */
const STDERR_LIMIT = 10_000;

function lastLine(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1);
  return line ? `; the last that it printed: ${line}` : '';
}

function errorOf(failure: TrainingFailure): Error {
  if (!('stack' in failure)) {
    const { message, hint, exitCode } = failure;
    return new UserError(message, { exitCode, ...(hint !== undefined && { hint }) });
  }
  // Where it was thrown tells more than where it arrived.
  return Object.assign(new Error(failure.message), { stack: failure.stack });
}
