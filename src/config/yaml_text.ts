import { Composer, type CST, type Document, Lexer, Parser, type YAMLError } from 'yaml';
import { MAX_DEPTH, type Origin } from './located.js';
import type { PlacedProblem } from './problem.js';
import { shorten } from './words.js';

/** Where the character at an offset of the text is. */
export type OriginAt = (offset: number) => Origin;

/** YAML 1.2's core schema alone, whatever a %YAML directive says; duplicate keys are the tree's affair. */
const OPTIONS = {
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** Places in a file: 1-based, in characters (code points), so that any script counts as its reader counts. */
export function placesIn(file: string, text: string): OriginAt {
  const lineStarts = [0, ...offsetsOf(text, /\n/g).map((offset) => offset + 1)];
  // Characters that JavaScript counts twice. A search in this list keeps the places of one long line cheap.
  const doubles = offsetsOf(text, /[\ud800-\udbff](?=[\udc00-\udfff])/g);
  return (offset) => {
    const line = countUpTo(lineStarts, offset);
    const start = lineStarts[line - 1]!;
    const twice = countUpTo(doubles, offset - 1) - countUpTo(doubles, start - 1);
    return { kind: 'file', file, line, column: offset - start - twice + 1 };
  };
}

function offsetsOf(text: string, pattern: RegExp): number[] {
  return Array.from(text.matchAll(pattern), (match) => match.index);
}

/** How many of the ascending numbers are at most `limit`. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The one document of a text, or null with every mistake of syntax. */
export function composeYaml(
  text: string,
  originAt: OriginAt,
): { document: Document.Parsed | null; problems: PlacedProblem[] } {
  const tokens = readTokens(text);
  if (typeof tokens === 'number') {
    const expected = `at most ${MAX_DEPTH} levels of maps and lists`;
    return { document: null, problems: [{ path: [], expected, actual: 'more', origin: originAt(tokens) }] };
  }
  const [document, second] = [...new Composer(OPTIONS).compose(tokens, true, text.length)];
  if (!document) throw new Error('the YAML composer gave no document');
  const errors = firstOfEachLine([...document.errors, ...document.warnings], text);
  const problems = errors.map((error) => syntaxProblem(error, originAt));
  if (second) {
    const origin = originAt(second.range[0]);
    problems.push({ path: [], expected: 'one YAML document', actual: 'a second one', origin });
  }
  return { document: problems.length === 0 ? (document as Document.Parsed) : null, problems };
}

/** The tokens of a text, or the offset where it gets too deep. The composer recurses: it must not see such a text. */
function readTokens(text: string): CST.Token[] | number {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > 2 * MAX_DEPTH) return parser.offset;
  }
  tokens.push(...parser.end());
  return tokens;
}

function syntaxProblem({ code, message, pos }: YAMLError, originAt: OriginAt): PlacedProblem {
  const origin = originAt(pos[0]);
  switch (code) {
    case 'TAB_AS_INDENT':
      return { path: [], expected: 'spaces as indentation', actual: 'a tab', origin };
    case 'TAG_RESOLVE_FAILED':
      return { path: [], expected: 'a value without that tag', actual: shorten(message), origin };
    default:
      return { path: [], expected: 'valid YAML', actual: `an error: ${shorten(message, 200)}`, origin };
  }
}

/** A slip makes the parser stumble over everything behind it in the line. */
function firstOfEachLine(errors: readonly YAMLError[], text: string): YAMLError[] {
  let lineEnd = -1;
  return [...errors]
    .sort((a, b) => a.pos[0] - b.pos[0])
    .filter(({ pos: [offset] }) => {
      if (offset <= lineEnd) return false;
      const next = text.indexOf('\n', offset);
      lineEnd = next === -1 ? text.length : next;
      return true;
    });
}
