import { stringify } from 'yaml';
import { type Explanation, explainKey } from '../config/explain.js';
import { segmentOf } from '../config/key_path.js';
import { loadPlan } from '../config/load_plan.js';

/**
 * Explains a key of a config, or without one the whole config.
 * @throws UserError where the config has a mistake, or no such key
 */
export async function explainConfig(
  file: string,
  key: string | undefined,
  sets: readonly string[],
): Promise<Explanation> {
  return explainKey(await loadPlan(file, sets), key);
}

/** The explanation as text; one of several values is YAML, with what gave each as a comment. */
export function explanationText(explanation: Explanation): string {
  return explanation.settings.length === 0 ? singleText(explanation) : treeText(explanation);
}

function singleText({ key, value, origin, replaced, ...schema }: Explanation): string {
  const facts = [
    ['set by', origin === 'default' ? 'nothing: it is the default' : origin],
    ...replaced.map((earlier) => ['replaces', `${flow(earlier.value)} (${earlier.origin})`]),
    ['meaning', schema.description],
    ['accepts', schema.accepts],
    ...('default' in schema ? [['default', flow(schema.default)]] : []),
  ];
  return [`${key}: ${flow(value)}`, '', ...facts.map(([name, text]) => `  ${name!.padEnd(8)}  ${text}`)].join(
    '\n',
  );
}

/** A line of YAML, and what gave the value in it. */
interface Line {
  readonly text: string;
  readonly origin?: string;
}

function treeText({ key, value, settings, description, accepts }: Explanation): string {
  const origins = new Map(settings.map((setting) => [setting.key, setting.origin]));
  const lines = treeLines(value, key, origins);
  const inner = key === '' ? lines : [{ text: `${key}:` }, ...lines.map(indented)];
  const width = Math.max(...inner.map(({ text }) => text.length));
  const yaml = inner.map((line: Line) =>
    line.origin === undefined ? line.text : `${line.text.padEnd(width)}  # ${line.origin}`,
  );
  const about = key === '' ? [] : ['', `# meaning  ${description}`, `# accepts  ${accepts}`];
  return [...yaml, ...about].join('\n');
}

function treeLines(value: unknown, key: string, origins: ReadonlyMap<string, string>): Line[] {
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value as object);
  return entries.flatMap(([name, item]) => {
    const itemKey = [...(key === '' ? [] : [key]), segmentOf(name, item)].join('.');
    const lead = typeof name === 'number' ? '-' : `${name}:`;
    const origin = origins.get(itemKey);
    if (origin !== undefined) return [{ text: `${lead} ${flow(item)}`, origin }];
    const [first, ...rest] = treeLines(item, itemKey, origins);
    if (typeof name === 'string') return [{ text: lead }, ...[first!, ...rest].map(indented)];
    return [{ ...first!, text: `- ${first!.text}` }, ...rest.map(indented)];
  });
}

function indented(line: Line): Line {
  return { ...line, text: `  ${line.text}` };
}

/** A value on one line of YAML. */
function flow(value: unknown): string {
  return stringify(value, {
    lineWidth: 0,
    blockQuote: false,
    collectionStyle: 'flow',
    flowCollectionPadding: false,
  }).trimEnd();
}
