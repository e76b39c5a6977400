import type { Machine } from './machine.js';
import type { ProbeFailure } from './protocol.js';
import { type Diagnosis, SIGNS } from './signs.js';

/** What was wrong, from what a probe left behind. */
export function diagnose(failure: ProbeFailure, machine: Machine): Diagnosis {
  const { error, ended, stderr } = failure;
  if (error && error.hint !== null) return said(error.message, error.hint, recognize(stderr, machine));
  // After a crash of the processor's making, what was printed before need not be the reason.
  const crashed = ended.how === 'signal' && /^SIG(SEGV|ILL|BUS|KILL)$/.test(ended.signal);
  const recognized = crashed
    ? null
    : (recognize(error?.message ?? '', machine) ?? recognize(stderr, machine));
  if (recognized) return recognized;
  return error ? { cause: firstLine(error.message), mend: null } : ending(failure, machine);
}

function recognize(text: string, machine: Machine): Diagnosis | null {
  for (const { pattern, explain } of SIGNS) {
    const match = pattern.exec(text);
    if (match) return explain(match, machine, text);
  }
  return null;
}

/** A command in a hint: in quotation marks, or from a colon to the end of the line. */
const COMMAND = (() => {
  const program = '(?:sudo|npm|npx|node|gnet|nvidia-smi)\\b';
  return new RegExp(`"(${program}[^"]*)"|: (${program}.*?)\\.?$`, 'm');
})();

/** What a backend says itself; where it names no command, what was printed may tell more. */
function said(message: string, hint: string, printed: Diagnosis | null): Diagnosis {
  const [, quoted, last] = COMMAND.exec(hint) ?? [];
  const cause = firstLine(message).replace(/^backend(?: [\w-]+)?: /, '');
  const command = quoted ?? last;
  if (command !== undefined || !printed) return { cause, mend: command ?? (hint || null) };
  return { cause: `${cause}: ${printed.cause}`, mend: printed.mend ?? hint };
}

const DURING = {
  start: 'as it started',
  load: 'while the backend was loaded',
  compute: 'at its first computation',
  kernels: "while the model's step was tried",
} as const;

/** How a process ended that left no error. */
function ending({ ended, during, stderr }: ProbeFailure, machine: Machine): Diagnosis {
  const when = DURING[during];
  const words = lastLine(stderr);
  const tail = words ? `: ${words}` : '';
  switch (ended.how) {
    case 'time limit':
      return { cause: `no answer within ${ended.seconds} s: it hangs ${when}${tail}`, mend: null };
    case 'exit':
      return { cause: `its process ended with exit code ${ended.code} ${when}${tail}`, mend: null };
    case 'error':
      return { cause: `it failed ${when}${tail}`, mend: null };
    case 'signal':
      return killed(ended.signal, `its process was ended by ${ended.signal} ${when}`, tail, machine);
  }
}

function killed(
  signal: NodeJS.Signals,
  event: string,
  tail: string,
  { simd, cpu, platform }: Machine,
): Diagnosis {
  if (signal === 'SIGKILL') return { cause: `${event}: most likely the memory was used up`, mend: null };
  if (signal !== 'SIGILL') return { cause: `${event}${tail}`, mend: 'npm ci' };
  const lacksAvx = platform.endsWith(' x64') && simd.length > 0 && !simd.includes('avx');
  const reason = lacksAvx ? 'has no AVX' : 'lacks an instruction that its native part uses';
  return { cause: `${event}: the processor (${cpu}) ${reason}`, mend: null };
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? 'no reason given'
  );
}

function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .findLast((line) => line.trim() !== '')
      ?.trim()
      .slice(0, 200) ?? ''
  );
}
