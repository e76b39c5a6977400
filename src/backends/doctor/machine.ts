import { freemem, totalmem } from 'node:os';
import { gnetVersion } from '../../version.js';
import { programOutput } from '../hardware.js';
import { examineSystem, type System } from '../system.js';
import { threadCount } from '../threads.js';

/** The system, and what a run gets of the machine. */
export interface Machine extends System {
  readonly gnet: string;
  readonly npm: string | null;
  /** Threads that the process may use. */
  readonly threads: number;
  readonly memory_bytes: number;
  readonly memory_free_bytes: number;
  /** What the container or its group may use, where that is less. */
  readonly memory_limit_bytes: number | null;
}

/** Looks at the machine. Whatever cannot be found out is null or empty. */
export async function examineMachine(): Promise<Machine> {
  const [gnet, npm, system] = await Promise.all([gnetVersion(), npmVersion(), examineSystem()]);
  const limit = process.constrainedMemory();
  return {
    gnet,
    npm,
    ...system,
    threads: threadCount(0),
    memory_bytes: totalmem(),
    memory_free_bytes: freemem(),
    memory_limit_bytes: limit > 0 && limit < totalmem() ? limit : null,
  };
}

/** npm tells its version to what it starts; asking it takes longer. */
async function npmVersion(): Promise<string | null> {
  const agent = /^npm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '');
  return agent?.[1] ?? programOutput('npm', ['--version']);
}
