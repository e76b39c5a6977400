import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GnetOptions {
  readonly cwd: string;
  /** "<signal> <event> <n>": see strike.mjs. */
  readonly strike?: string | undefined;
  /** Variables besides those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

export const BIN = resolve('bin/run.js');

/** Starts the command line as it was last built. */
export function startGnet(args: readonly string[], { cwd, strike, env }: GnetOptions) {
  const preload = strike === undefined ? [] : ['--import', resolve('test/helpers/strike.mjs')];
  const child = spawn(process.execPath, [...preload, BIN, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(), ...env, ...(strike === undefined ? {} : { STRIKE: strike }) },
  });
  return { child, ended: waitFor(child) };
}

/** Runs the command line and waits for its end. */
export function gnet(args: readonly string[], options: GnetOptions): Promise<Ended> {
  return startGnet(args, options).ended;
}

/** Runs a line of shell, as a user who pastes it. */
export async function shell(line: string, cwd: string): Promise<Ended> {
  return waitFor(spawn('sh', ['-c', line], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: environment() }));
}

/** Without what npm and Vitest add, so that a test sees the same however it was started. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$)/.test(name));
  return Object.fromEntries(kept);
}

async function waitFor(child: ReturnType<typeof spawn>): Promise<Ended> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}
