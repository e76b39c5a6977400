import { type Comparison, compareRuns, openRuns } from '../runs/compare.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { COMPARISON, comparisonPage } from './comparison_page.js';
import { requireReplaceable } from './replaceable_page.js';

/**
 * Compares runs; with `output`, writes a page to it too.
 * @throws UserError where a run cannot be read, or `output` is a file that is not a page of `gnet compare`
 */
export async function writeComparison(
  directories: readonly string[],
  output: string | undefined,
): Promise<Comparison> {
  // First: nothing is worked out for a page that cannot be written.
  if (output !== undefined) await requireReplaceable('--output', output, COMPARISON);
  const runs = await openRuns(directories);
  const comparison = compareRuns(runs);
  if (output !== undefined) await writeFileAtomic(output, comparisonPage(runs, comparison));
  return comparison;
}
