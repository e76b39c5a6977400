import { UserError } from '../errors.js';
import { formatOrigin, formatUses, type Origin, writtenOrigin } from './located.js';
import type { KeyPath, Problem } from './network.js';
import { shorten } from './words.js';

/** A mistake with what gave the value at fault. */
export interface PlacedProblem extends Problem {
  readonly origin: Origin;
}

/** A mistake as it is printed, and as `--json` gives it. */
export interface ConfigProblem {
  /** `file:line:column` (1-based, in characters), `--set key=value`, or the name of a document. */
  readonly location: string;
  /** `model.layers.3.kernel`; empty for a mistake in the file as a whole. */
  readonly path: string;
  /** For a mistake in a block: the places that used it, and brought it up. */
  readonly usedAt?: readonly string[];
  readonly expected: string;
  readonly actual: string;
  /** What would probably mend it. */
  readonly suggestion?: string;
}

/** More lines than this help nobody; `problems` has them all. */
const SHOWN = 50;
/** And more places that used a block than this. */
const SHOWN_USES = 3;

/** Every mistake of a config at once, in the order of the files. */
export class ConfigError extends UserError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly PlacedProblem[]) {
    const distinct = joinUses(inReadingOrder(problems).map(asConfigProblem));
    const lines = distinct.slice(0, SHOWN).map(formatProblem);
    const count = distinct.length === 1 ? '1 problem' : `${distinct.length} problems`;
    const rest = distinct.length > SHOWN ? `, of which the first ${SHOWN} are shown` : '';
    super(`${lines.join('\n')}\n${count} in the config${rest}`, { exitCode: 2 });
    this.name = 'ConfigError';
    this.problems = distinct;
  }
}

/** `configs/a.yaml:14:9 optimizer.momentum: expected a number from 0 to 1, got 9` */
export function formatProblem(problem: ConfigProblem): string {
  const { location, path, expected, actual, suggestion, usedAt = [] } = problem;
  // `--set key=value` names the path itself.
  const named =
    path === '' || location.startsWith(`--set ${path}=`) || location.startsWith(`--set ${path}+=`);
  const subject = named ? location : `${location} ${path}`;
  const end = suggestion === undefined ? '' : `; ${suggestion}`;
  const more = usedAt.length > SHOWN_USES ? [`${usedAt.length - SHOWN_USES} more`] : [];
  const uses = [...usedAt.slice(0, SHOWN_USES), ...more].join('; ');
  return `${subject}: expected ${expected}, got ${actual}${end}${uses === '' ? '' : ` (used at ${uses})`}`;
}

/** Each problem once: one that several uses of a block bring up names them all. */
function joinUses(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const joined = new Map<string, ConfigProblem>();
  for (const { usedAt, ...problem } of problems) {
    const key = formatProblem(problem);
    const uses = new Set([...(joined.get(key)?.usedAt ?? []), ...(usedAt ?? [])]);
    joined.set(key, uses.size === 0 ? problem : { ...problem, usedAt: [...uses] });
  }
  return [...joined.values()];
}

function formatPath(path: KeyPath): string {
  return path.map((key) => (typeof key === 'number' ? key : shorten(key))).join('.');
}

function asConfigProblem({ path, expected, actual, suggestion, origin }: PlacedProblem): ConfigProblem {
  return {
    location: formatOrigin(writtenOrigin(origin)),
    path: formatPath(path),
    expected,
    actual,
    ...(suggestion !== undefined && { suggestion }),
    ...(origin.kind === 'moved' && origin.uses.length > 0 && { usedAt: [formatUses(origin.uses)] }),
  };
}

/** File by file as they were met, each from top to bottom; `--set` comes last. */
function inReadingOrder(problems: readonly PlacedProblem[]): PlacedProblem[] {
  const fileOf = (origin: Origin) => (origin.kind === 'file' ? origin.file : '');
  const files = [...new Set(problems.map(({ origin }) => fileOf(writtenOrigin(origin))))];
  const rank = (problem: PlacedProblem): [number, number, number] => {
    const origin = writtenOrigin(problem.origin);
    return origin.kind === 'file'
      ? [files.indexOf(origin.file), origin.line, origin.column]
      : [files.length, 0, 0];
  };
  return [...problems].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  });
}
