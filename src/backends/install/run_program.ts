import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that could not be started or failed. */
export class ProgramError extends Error {
  constructor(
    readonly program: string,
    /** Null where it could not be started or was killed. */
    readonly exitCode: number | null,
    readonly signal: NodeJS.Signals | null,
    /** The last of what it printed. */
    readonly output: string,
  ) {
    super(`${program} ${signal ? `was ended by ${signal}` : `failed (${exitCode ?? 'not started'})`}`);
    this.name = 'ProgramError';
  }
}

export interface ProgramOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each line that is printed, on either stream. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** What is kept of a program's output for an error. */
const KEPT_CHARACTERS = 20_000;

/** Runs a program without a shell and returns what it printed on stdout. @throws ProgramError; the signal's reason */
export async function runProgram(
  program: string,
  args: readonly string[],
  { signal, onLine }: ProgramOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let [stdout, output] = ['', ''];
  const collect = async (stream: NodeJS.ReadableStream, isResult: boolean) => {
    for await (const line of createInterface({ input: stream })) {
      output = `${output}${line}\n`.slice(-KEPT_CHARACTERS);
      if (isResult) stdout += `${line}\n`;
      onLine?.(line);
    }
  };
  const streams = Promise.all([collect(child.stdout, true), collect(child.stderr, false)]);
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    await streams;
    if (code !== 0) throw new ProgramError(program, code, killedBy, output);
    return stdout;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ProgramError) throw error;
    throw new ProgramError(program, null, null, (error as Error).message);
  }
}
