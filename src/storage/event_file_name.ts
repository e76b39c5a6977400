import { hostname } from 'node:os';

/** The name of an event file: no separators, and the prefix by which TensorBoard finds it. */
export const EVENT_FILE_PATTERN = /^events\.out\.tfevents\.[\w.-]+$/;

/** The name of the `n`-th event file that this process starts; `now` in milliseconds since 1970. */
export function eventFileName(now: number, n: number): string {
  const host = hostname().replace(/[^\w.-]/g, '_');
  return `events.out.tfevents.${Math.floor(now / 1000)}.${host}.${process.pid}.${n}`;
}
