import type { ErrorObject } from 'ajv';
import { LAYER_NAME } from '../registry/layers/layer.js';
import { describeSchema, type JsonSchema, typesOf, wordsOf } from './describe_schema.js';
import type { KeyPath, Problem } from './network.js';
import { alternatives, formatValue, nearest, shorten } from './words.js';

/** A mistake against the schema; one in a key's name is shown at the key, every other at the value. */
export interface SchemaProblem extends Problem {
  readonly at: 'key' | 'value';
}

/**
 * Says in words what ajv found (`allErrors`, `verbose`), one problem for each mistake and none for its consequences.
 * @param written the value before defaults were filled in
 * @param isInFile whether a file has that top-level key, so that `extends` was possible in its place
 */
export function schemaProblems(
  errors: readonly ErrorObject[],
  written: unknown,
  isInFile: (key: string) => boolean,
): SchemaProblem[] {
  // A key that is misspelt is also missing: one problem, that of the spelling.
  const misspelt = new Set(
    errors
      .filter((error) => error.keyword === 'additionalProperties')
      .map(
        (error) =>
          `${error.instancePath}/${nearest(error.params.additionalProperty, knownKeys(error, isInFile))}`,
      ),
  );
  const problems = new Map<string, SchemaProblem>();
  for (const error of errors) {
    if (error.keyword === 'required') {
      if (misspelt.has(`${error.instancePath}/${error.params.missingProperty}`)) continue;
      // The base would have had it.
      if (error.instancePath === '' && misspelt.has('/extends')) continue;
    }
    const problem = schemaProblem(error, written, isInFile);
    // Several keywords of one schema fail together, and are described together.
    if (problem) problems.set(`${problem.path.join('/')}\n${problem.expected}`, problem);
  }
  return [...problems.values()];
}

function schemaProblem(
  error: ErrorObject,
  written: unknown,
  isInFile: (key: string) => boolean,
): SchemaProblem | null {
  const path = keyPath(error.instancePath);
  const schema = error.parentSchema as JsonSchema;
  switch (error.keyword) {
    case 'required':
      return missingKey(
        path,
        error.params.missingProperty,
        Object.keys(valueAt(written, path) ?? {}),
        schema,
      );
    case 'additionalProperties':
      return unknownKey(path, error.params.additionalProperty, knownKeys(error, isInFile), schema);
    case 'discriminator':
      return error.params.tagValue === undefined ? null : unknownType(path, error.params.tagValue, schema);
    default:
      // The union's own error speaks for its members.
      return /\/anyOf\/\d+\/\w+$/.test(error.schemaPath) ? null : wrongValue(path, error.data, schema);
  }
}

function missingKey(path: KeyPath, key: string, keys: readonly string[], schema: JsonSchema): SchemaProblem {
  const types = key === 'type' ? typesOf(schema) : [];
  const property = schema.properties?.[key];
  const meaning = types.length > 0 ? alternatives(types) : property && describeSchema(property);
  // Without its type, a map is not looked at any further: its unknown keys are not reported.
  const slip = types.length > 0 ? nearest(key, keys) : undefined;
  return {
    path,
    at: 'value',
    expected: meaning ? `the key ${key} (${meaning})` : `the key ${key}`,
    actual: keys.length === 0 ? 'an empty map' : `only ${shorten(keys.join(', '))}`,
    ...(slip === undefined ? {} : { suggestion: `rename ${slip} to ${key}` }),
  };
}

function unknownKey(path: KeyPath, key: string, known: readonly string[], schema: JsonSchema): SchemaProblem {
  const type = schema.properties?.type?.const;
  const keys = known.join(', ');
  const near = nearest(key, known);
  return {
    path: [...path, key],
    at: 'key',
    expected: type === undefined ? `one of the keys ${keys}` : `a key of ${type} (${keys})`,
    actual: shorten(key),
    ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
  };
}

/** What could stand in place of an unknown key. */
function knownKeys(
  { instancePath, params, parentSchema }: ErrorObject,
  isInFile: (key: string) => boolean,
): string[] {
  const keys = Object.keys((parentSchema as JsonSchema).properties ?? {});
  return instancePath === '' && isInFile(params.additionalProperty) ? ['extends', 'blocks', ...keys] : keys;
}

function unknownType(path: KeyPath, type: unknown, schema: JsonSchema): SchemaProblem {
  const types = typesOf(schema);
  const near = typeof type === 'string' ? nearest(type, types) : undefined;
  return {
    path: [...path, 'type'],
    at: 'value',
    expected: `one of ${types.join(', ')}`,
    actual: formatValue(type),
    ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
  };
}

function wrongValue(path: KeyPath, value: unknown, schema: JsonSchema): SchemaProblem {
  const suggestion = mendValue(value, schema);
  return {
    path,
    at: 'value',
    expected: describeSchema(schema),
    actual: formatValue(value),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function mendValue(value: unknown, schema: JsonSchema): string | undefined {
  if (typeof value === 'number' && schema.pattern === LAYER_NAME) return `write "${value}", in quotes`;
  if (typeof value !== 'string') return undefined;
  const types = [schema.type ?? schema.anyOf?.flatMap((member) => member.type ?? []) ?? []].flat();
  const takes = (type: string) => types.includes(type);
  const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
  if (isNumber && (takes('number') || takes('integer'))) return 'remove the quotes';
  if (takes('boolean')) {
    if (/^(true|false)$/.test(value)) return 'remove the quotes';
    if (/^(yes|y|on)$/i.test(value)) return 'write true';
    if (/^(no|n|off)$/i.test(value)) return 'write false';
  }
  const near = nearest(value, wordsOf(schema));
  return near && `did you mean ${near}?`;
}

function valueAt(value: unknown, path: KeyPath): object | undefined {
  const found = path.reduce<unknown>((part, key) => (part as Record<string | number, unknown>)?.[key], value);
  return typeof found === 'object' && found !== null ? found : undefined;
}

/** The path of a JSON pointer. Only indices are numbers here: no key of the schema is made of digits. */
function keyPath(pointer: string): KeyPath {
  const segments = pointer.split('/').slice(1);
  return segments.map((segment) =>
    /^\d+$/.test(segment) ? Number(segment) : segment.replaceAll('~1', '/').replaceAll('~0', '~'),
  );
}
