import { UserError } from '../errors.js';
import { formatOrigin, type Origin } from './located.js';
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
  readonly expected: string;
  readonly actual: string;
  /** What would probably mend it. */
  readonly suggestion?: string;
}

/** More lines than this help nobody; `problems` has them all. */
const SHOWN = 50;

/** Every mistake of a config at once, in the order of the files. */
export class ConfigError extends UserError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly PlacedProblem[]) {
    const sorted = inReadingOrder(problems).map(asConfigProblem);
    const distinct = [...new Map(sorted.map((problem) => [formatProblem(problem), problem])).entries()];
    const lines = distinct.slice(0, SHOWN).map(([line]) => line);
    const count = distinct.length === 1 ? '1 problem' : `${distinct.length} problems`;
    const rest = distinct.length > SHOWN ? `, of which the first ${SHOWN} are shown` : '';
    super(`${lines.join('\n')}\n${count} in the config${rest}`, { exitCode: 2 });
    this.name = 'ConfigError';
    this.problems = distinct.map(([, problem]) => problem);
  }
}

/** `configs/a.yaml:14:9 optimizer.momentum: expected a number from 0 to 1, got 9` */
export function formatProblem({ location, path, expected, actual, suggestion }: ConfigProblem): string {
  // `--set key=value` names the path itself.
  const named =
    path === '' || location.startsWith(`--set ${path}=`) || location.startsWith(`--set ${path}+=`);
  const subject = named ? location : `${location} ${path}`;
  return `${subject}: expected ${expected}, got ${actual}${suggestion === undefined ? '' : `; ${suggestion}`}`;
}

function formatPath(path: KeyPath): string {
  return path.map((key) => (typeof key === 'number' ? key : shorten(key))).join('.');
}

function asConfigProblem({ path, expected, actual, suggestion, origin }: PlacedProblem): ConfigProblem {
  const problem = { location: formatOrigin(origin), path: formatPath(path), expected, actual };
  return suggestion === undefined ? problem : { ...problem, suggestion };
}

/** File by file as they were met, each from top to bottom; `--set` comes last. */
function inReadingOrder(problems: readonly PlacedProblem[]): PlacedProblem[] {
  const files = [...new Set(problems.map(({ origin }) => (origin.kind === 'file' ? origin.file : '')))];
  const rank = ({ origin }: PlacedProblem): [number, number, number] =>
    origin.kind === 'file' ? [files.indexOf(origin.file), origin.line, origin.column] : [files.length, 0, 0];
  return [...problems].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  });
}
