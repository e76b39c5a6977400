import { open } from 'node:fs/promises';
import { systemErrorCode, UserError } from '../errors.js';
import { type Comparison, compareRuns, openRuns } from '../runs/compare.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { fileError } from '../storage/file_error.js';
import { COMPARISON, comparisonPage } from './comparison_page.js';

/** Where a page of gnet says what it is. */
const HEAD_BYTES = 1024;

/**
 * Compares runs; with `output`, writes a page to it too.
 * @throws UserError where a run cannot be read, or `output` is a file that is not a page of `gnet compare`
 */
export async function writeComparison(
  directories: readonly string[],
  output: string | undefined,
): Promise<Comparison> {
  // First: nothing is worked out for a page that cannot be written.
  if (output !== undefined) await requireReplaceable(output);
  const runs = await openRuns(directories);
  const comparison = compareRuns(runs);
  if (output !== undefined) await writeFileAtomic(output, comparisonPage(runs, comparison));
  return comparison;
}

/** A mistyped --output must not cost the user a file. */
async function requireReplaceable(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const head = buffer.toString('utf8', 0, bytesRead);
      if (bytesRead === 0 || head.includes(`<meta name="generator" content="${COMPARISON}">`)) return;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw fileError('write', path, error);
  }
  throw new UserError(
    `--output ${path}: expected a new file or an earlier page of gnet compare, got another file`,
    {
      hint: 'Name another file, or move that one away.',
      exitCode: 2,
    },
  );
}
