import { LAYER_NAME } from '../registry/layers/layer.js';
import { alternatives } from './words.js';

/** The keywords of JSON Schema that the registry uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly not?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly discriminator?: { readonly propertyName: string };
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
}

/** What a pattern means to a reader. */
const PATTERNS: Readonly<Record<string, string>> = {
  '^[A-Za-z][A-Za-z0-9_]*$': 'a letter followed by letters, digits or _',
  [LAYER_NAME]: 'text of letters, digits or _',
  '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$': 'up to 100 letters, digits, dots, _ or -, the first a letter or digit',
  '^(https?|file):': 'an address that starts with http:, https: or file:',
  '^[0-9a-fA-F]{64}$': '64 hexadecimal digits',
};

/** What a schema accepts, in words: `a number from 0 to 1`. */
export function describeSchema(schema: JsonSchema): string {
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  if (schema.anyOf) return alternatives(schema.anyOf.map(describeSchema));
  return alternatives([schema.type ?? []].flat().map((type) => describeType(type, schema)));
}

/** The values of `type` that tell the members of a union apart. */
export function typesOf(schema: JsonSchema): string[] {
  return (schema.oneOf ?? []).map((member) => String(member.properties?.type?.const));
}

function describeType(type: string, schema: JsonSchema): string {
  switch (type) {
    case 'integer':
      return `an integer${describeBounds(schema)}`;
    case 'number':
      return `a number${describeBounds(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return describeString(schema);
    case 'array':
      return describeList(schema);
    case 'object':
      return schema.discriminator ? `a map with a type of ${alternatives(typesOf(schema))}` : 'a map';
    default:
      return type;
  }
}

function describeBounds(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const bounds: string[] = [];
  if (minimum !== undefined) bounds.push(`of at least ${minimum}`);
  if (exclusiveMinimum !== undefined) bounds.push(`above ${exclusiveMinimum}`);
  if (maximum !== undefined) bounds.push(`of at most ${maximum}`);
  if (exclusiveMaximum !== undefined) bounds.push(`below ${exclusiveMaximum}`);
  return bounds.length === 0 ? '' : ` ${bounds.join(' and ')}`;
}

/** The only words that a schema accepts as text: those of an `enum`, or of a pattern like `^(a|b)$`. */
export function wordsOf(schema: JsonSchema): string[] {
  const pattern = /^\^\(([\w|]+)\)\$$/.exec(schema.pattern ?? '');
  return pattern ? pattern[1]!.split('|') : (schema.enum ?? []).map(String);
}

function describeString(schema: JsonSchema): string {
  const { pattern, minLength } = schema;
  if (pattern === undefined) return minLength === undefined ? 'text' : 'text that is not empty';
  const words = wordsOf(schema);
  return words.length > 0 ? alternatives(words) : (PATTERNS[pattern] ?? `text that matches ${pattern}`);
}

function describeList({ type, items, minItems, maxItems }: JsonSchema): string {
  // The only union of a number and a list is sizeOrPair's.
  if (Array.isArray(type) && type.includes('integer')) return '[height, width]';
  const noun = items?.type === 'integer' || items?.type === 'number' ? `${items.type}s` : 'items';
  if (minItems !== undefined && maxItems !== undefined) {
    return `a list of ${minItems === maxItems ? '' : `${minItems} to `}${maxItems} ${noun}`;
  }
  return minItems === undefined || minItems === 0 ? 'a list' : `a list of at least ${minItems} item`;
}
