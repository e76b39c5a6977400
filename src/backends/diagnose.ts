import type { Diagnosis, Failure } from './diagnosis.js';
import { type Facts, SIGNS } from './signs.js';

/** What was wrong, from what trying a backend left behind. */
export function diagnose(failure: Failure, facts: Facts): Diagnosis {
  const { error, ended, stderr } = failure;
  if (error?.diagnosis) return together(error.diagnosis, recognize(stderr, facts));
  // After a crash of the processor's making, what was printed before need not be the reason.
  const crashed = ended.how === 'signal' && /^SIG(SEGV|ILL|BUS|KILL)$/.test(ended.signal);
  const recognized = crashed ? null : (recognize(error?.message ?? '', facts) ?? recognize(stderr, facts));
  if (recognized) return recognized;
  return error ? { cause: firstLine(error.message), mend: null } : ending(failure, facts);
}

/** What the first known sign in a text means. */
export function recognize(text: string, facts: Facts): Diagnosis | null {
  for (const { pattern, explain } of SIGNS) {
    const match = pattern.exec(text);
    if (match) return explain(match, facts);
  }
  return null;
}

/** What a backend says itself; where it names no command, what was printed may tell more. */
function together(own: Diagnosis, printed: Diagnosis | null): Diagnosis {
  if (own.mend !== null || !printed) return own;
  return { cause: `${own.cause}: ${printed.cause}`, mend: printed.mend };
}

const DURING = {
  start: 'as it started',
  load: 'while the backend was loaded',
  compute: 'at its first computation',
  kernels: "while the model's step was tried",
} as const;

/** How a process ended that left no error. */
function ending({ ended, during, stderr }: Failure, { system, reinstall }: Facts): Diagnosis {
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
      return killed(ended.signal, `its process was ended by ${ended.signal} ${when}`, tail, {
        system,
        reinstall,
      });
  }
}

function killed(
  signal: NodeJS.Signals,
  event: string,
  tail: string,
  { system: { simd, cpu, platform }, reinstall }: Facts,
): Diagnosis {
  if (signal === 'SIGKILL') return { cause: `${event}: most likely the memory was used up`, mend: null };
  if (signal !== 'SIGILL') return { cause: `${event}${tail}`, mend: reinstall };
  const lacksAvx = platform.endsWith(' x64') && simd.length > 0 && !simd.includes('avx');
  const reason = lacksAvx ? 'has no AVX' : 'lacks an instruction that its native part uses';
  return { cause: `${event}: the processor (${cpu}) ${reason}`, mend: null };
}

export function firstLine(text: string): string {
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
