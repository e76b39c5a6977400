import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../diagnosis.js';
import type { ProbeMessage, ProbeReport, ProbeRequest, ProbeResult } from './protocol.js';

export interface ProbeOptions {
  /** The JavaScript file that the process runs. */
  readonly entry?: string;
  readonly timeLimitMs?: number;
}

const ENTRY = fileURLToPath(new URL('./probe_main.js', import.meta.url));
/** Loading takes a second or two; a first use of CUDA that compiles its kernels, half a minute. */
const TIME_LIMIT_MS = 120_000;
/** ONNX Runtime's log of a large graph is a few megabytes. */
const STDERR_LIMIT = 2 ** 25;

/**
 * Loads one backend in a process of its own, which may throw, crash, hang or print what it likes. Answers come through
 * a channel of Node.js; what is printed on stdout is dropped.
 */
export function probe(
  request: ProbeRequest,
  { entry = ENTRY, timeLimitMs = TIME_LIMIT_MS }: ProbeOptions = {},
): Promise<ProbeResult> {
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  // It may have ended already: then it is its end that counts.
  child.on('error', () => {});
  child.send(request, () => {});
  return outcome(child, timeLimitMs);
}

function outcome(child: ChildProcess, timeLimitMs: number): Promise<ProbeResult> {
  let during: Failure['during'] = 'start';
  let report: ProbeReport | undefined;
  let error: Failure['error'] = null;
  let stderr = '';
  let late = false;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < STDERR_LIMIT) stderr += text;
  });
  child.on('message', (message: ProbeMessage) => {
    if ('stage' in message) during = message.stage;
    else if ('report' in message) report = message.report;
    else error = message.error;
  });
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
    child.stderr!.destroy(); // something that it started may still hold the other end
  }, timeLimitMs);
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (report) return resolve({ report, stderr });
      const ended = late
        ? ({ how: 'time limit', seconds: timeLimitMs / 1000 } as const)
        : error
          ? ({ how: 'error' } as const)
          : signal
            ? ({ how: 'signal', signal } as const)
            : ({ how: 'exit', code: code ?? 0 } as const);
      resolve({ failure: { during, ended, error, stderr } });
    });
  });
}
