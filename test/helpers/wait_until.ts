import { setTimeout } from 'node:timers/promises';

/** Waits for something that only looking tells, such as what another process has written. */
export async function waitUntil(what: string, isTrue: () => boolean): Promise<void> {
  for (let looks = 0; !isTrue(); looks++) {
    if (looks === 3000) throw new Error(`waited in vain: ${what}`);
    await setTimeout(20);
  }
}
