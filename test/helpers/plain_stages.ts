import type { Stage } from '../../src/terminal/screen.js';

/** What stages have shown: lines that stay and results. Tests that read it empty it first. */
export const shown: string[] = [];

/** In place of the terminal: `vi.mock('…/src/terminal/screen.js', () => import('…/helpers/plain_stages.js'))`. */
export async function runStages<C>(stages: readonly Stage<C>[], context: C): Promise<void> {
  for (const { title, skip, run } of stages) {
    const reason = skip?.(context) ?? null;
    const output = { progress: () => {}, line: (text: string) => shown.push(text) };
    shown.push(reason === null ? `${title}: ${await run(context, output)}` : `${title}, skipped: ${reason}`);
  }
}
