import { openOnednn } from '../../src/backends/onednn.js';
import { OnednnEngine } from '../../src/engines/onednn/engine.js';

/** Why the backend onednn cannot be tested here, or null if it can: it is no dependency of gnet. */
export const whyNoOnednn: string | null = await openOnednn().then(
  () => null,
  (error: Error) => error.message,
);

/** @param threads of one operation */
export async function onednnEngine(threads = 1): Promise<OnednnEngine> {
  return new OnednnEngine(await openOnednn(), threads);
}
