import { experimentSchema } from '../registry/experiment.js';
import { describeSchema, type JsonSchema, typesOf } from './describe_schema.js';
import { findKey, formatKey } from './key_path.js';
import type { LoadedPlan } from './load_plan.js';
import { formatOrigin, type Origin, type Origins, plainValue, writtenOrigin } from './located.js';
import type { KeyPath } from './network.js';
import { plainSchema } from './plain_schema.js';
import { alternatives, shorten } from './words.js';

/** A value and what gave it: `configs/a.yaml:12:3`, `--set key=value` or `default`. */
export interface Setting {
  readonly value: unknown;
  readonly origin: string;
}

/** Where a key's value comes from, and what the schema says of the key. */
export interface Explanation extends Setting {
  /** With names of layers and heads in place of their indices; empty for the whole config. */
  readonly key: string;
  /** What the key had before, in bases and earlier `--set`s, the latest first. */
  readonly replaced: readonly Setting[];
  /** For a map or a list of maps: each value in it, by its whole key, in order. Empty for a single value. */
  readonly settings: readonly (Setting & { readonly key: string })[];
  readonly description: string;
  /** What values the key takes, in words. */
  readonly accepts: string;
  /** Left out where the key is required, or part of a list. */
  readonly default?: unknown;
}

/**
 * Explains a key of a config, or the whole config.
 * @throws UserError where there is no such key
 */
export function explainKey({ plan: { config }, origins }: LoadedPlan, key = ''): Explanation {
  const path = key === '' ? [] : findKey(config, key);
  const value = valueAt(config, path);
  const setting = (at: KeyPath): Setting & { key: string } => ({
    key: formatKey(config, at),
    value: valueAt(config, at),
    origin: origin(origins.of(at)),
  });
  const isSingle = isLeaf(value, path, origins);
  return {
    ...setting(path),
    replaced: isMap(value)
      ? []
      : origins.replaced(path).map((located) => ({
          value: plainValue(located),
          origin: origin(located.origin),
        })),
    settings: isSingle ? [] : leafPaths(value, path, origins).map(setting),
    ...describeKey(config, path),
  };
}

function origin(of: Origin): string {
  return shorten(formatOrigin(of), 200);
}

function valueAt(config: unknown, path: KeyPath): unknown {
  return path.reduce((value, key) => (value as Record<string | number, unknown>)[key], config);
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is shown on one line: a number, a word, or a list of them that came from one place. */
function isLeaf(value: unknown, path: KeyPath, origins: Origins): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return true;
  if (!Array.isArray(value) || value.some((item) => typeof item === 'object' && item !== null)) return false;
  const source = (at: KeyPath) => formatOrigin(writtenOrigin(origins.of(at))).replace(/:\d+:\d+$/, '');
  return value.every((_, index) => source([...path, index]) === source(path));
}

function leafPaths(value: unknown, path: KeyPath, origins: Origins): KeyPath[] {
  if (isLeaf(value, path, origins)) return [path];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value as object);
  return entries.flatMap(([key, item]) => leafPaths(item, [...path, key], origins));
}

const plain = plainSchema(experimentSchema);

/** The schema itself, where it only refers to one. */
function resolved(schema: JsonSchema): JsonSchema {
  const { $ref, ...own } = schema;
  return $ref === undefined ? schema : { ...plain.definitions[$ref.replace('#/definitions/', '')]!, ...own };
}

/** What the schema says of a key that the config has: each union is that of the `type` there. */
export function describeKey(
  config: unknown,
  path: KeyPath,
): Pick<Explanation, 'description' | 'accepts' | 'default'> {
  let schema = resolved(plain);
  let description = 'The whole config.';
  let accepts = describeSchema(schema);
  let isRequired = true;
  for (const [depth, key] of path.entries()) {
    const member = memberOf(schema, valueAt(config, path.slice(0, depth)));
    const next = resolved((member.items ?? member.properties?.[key])!);
    isRequired = member.items !== undefined || (member.required ?? []).includes(String(key));
    const chosen = memberOf(next, valueAt(config, path.slice(0, depth + 1)));
    // Items of a list of numbers have no sentence of their own: that of the list stands.
    description = [next.description ?? description, chosen === next ? undefined : meaningOf(chosen)]
      .filter((sentence) => sentence !== undefined)
      .join(' ');
    accepts = schema.oneOf && key === 'type' ? alternatives(typesOf(schema)) : describeSchema(next);
    schema = next;
  }
  return { description, accepts, ...(isRequired ? {} : { default: schema.default }) };
}

function memberOf(schema: JsonSchema, value: unknown): JsonSchema {
  const { type } = (value ?? {}) as { type?: unknown };
  return schema.oneOf?.find((member) => member.properties?.type?.const === type) ?? schema;
}

function meaningOf(member: JsonSchema): string | undefined {
  const { type } = member.properties!;
  return type?.description && `${type.const}: ${type.description}`;
}
