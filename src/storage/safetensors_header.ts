import { elements } from '../shape.js';
import { ELEMENT_TYPES } from './element_types.js';

/** Where a tensor lies: bytes `begin` to `end` (exclusive) of the data that follow the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: keyof typeof ELEMENT_TYPES;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly TensorEntry[];
  readonly metadata: Record<string, string>;
}

/** Makes the error to throw from "expected …, got …". */
type Failure = (problem: string) => Error;

/**
 * Parses the JSON header of a safetensors file and checks every claim in it against `dataBytes`, the number of bytes
 * after it: types of numbers that gnet reads, sizes that match the shapes, and tensors that cover the data without overlap or hole (a
 * name given twice is a hole, as JSON keeps the last).
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  dataBytes: number,
  fail: Failure,
): SafetensorsHeader {
  const json = parseJson(bytes, fail);
  if (!isRecord(json)) throw fail(`expected the header to be a JSON object, got ${describe(json)}`);
  const entries: TensorEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') metadata = parseMetadata(value, fail);
    else entries.push(parseEntry(name, value, dataBytes, fail));
  }
  checkCoverage(entries, dataBytes, fail);
  return { entries, metadata };
}

/** The header's object, a tensor's, and the list of its sizes. */
const MAX_DEPTH = 3;
/** Commas, of which a tensor has about seven: no model comes near. */
const MAX_VALUES = 1_000_000;

/**
 * Parsed, a few bytes of text can become a hundred times as many: what no header holds is refused before.
 * The text need not be JSON; then parsing says so.
 */
function checkSize(bytes: Uint8Array, fail: Failure): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === BRACKET || byte === BRACE) {
      if (++depth > MAX_DEPTH)
        throw fail(`expected at most ${MAX_DEPTH} levels of brackets in the header, got more`);
    } else if (byte === BRACKET_END || byte === BRACE_END) depth--;
    else if (byte === COMMA && ++values > MAX_VALUES) {
      throw fail(`expected at most ${MAX_VALUES} values in the header, got more`);
    }
  }
}

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACKET_END, BRACE, BRACE_END] = Buffer.from('"\\,[]{}');

function parseJson(bytes: Uint8Array, fail: Failure): unknown {
  // The format wants "{" first: other leading bytes are how a file of another kind looks.
  if (bytes[0] !== 0x7b) throw fail(`expected a header that starts with "{", got byte ${bytes[0] ?? 'none'}`);
  checkSize(bytes, fail);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw fail(`expected a JSON header, got ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseMetadata(value: unknown, fail: Failure): Record<string, string> {
  if (!isRecord(value)) throw fail(`__metadata__: expected an object of strings, got ${describe(value)}`);
  const metadata: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (key === '__proto__') throw fail('__metadata__: expected a key other than "__proto__"');
    if (typeof text !== 'string') throw fail(`__metadata__.${key}: expected a string, got ${describe(text)}`);
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataBytes: number, fail: Failure): TensorEntry {
  const subject = `tensor ${JSON.stringify(name)}`;
  // Names become keys of objects further on, where this one would change the prototype.
  if (name === '__proto__') throw fail(`${subject}: expected another name`);
  if (!isRecord(value)) throw fail(`${subject}: expected an object, got ${describe(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isType(dtype)) {
    const known = Object.keys(ELEMENT_TYPES).join(', ');
    throw fail(`${subject}: expected a dtype among ${known}, got ${describe(dtype)}`);
  }
  if (!isSizes(shape))
    throw fail(`${subject}: expected a shape of non-negative integers, got ${describe(shape)}`);
  const [begin, end] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined || begin > end || end > dataBytes) {
    throw fail(
      `${subject}: expected data_offsets [begin, end] within 0 to ${dataBytes}, got ${describe(offsets)}`,
    );
  }
  const size = ELEMENT_TYPES[dtype].bytes * elements(shape);
  // A product past 2^53 is inexact, but then larger than any file; NaN (0 × Infinity) is caught by the inequality.
  if (size !== end - begin) {
    throw fail(`${subject}: expected ${size} bytes for shape ${describe(shape)}, got ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function checkCoverage(entries: readonly TensorEntry[], dataBytes: number, fail: Failure): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const what = begin < covered ? 'an overlap with another tensor' : 'a hole before it';
      throw fail(
        `tensor ${JSON.stringify(name)}: expected to begin at byte ${covered}, got ${begin}: ${what}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) throw fail(`expected ${covered} bytes of tensor data, got ${dataBytes}`);
}

function isType(value: unknown): value is keyof typeof ELEMENT_TYPES {
  return typeof value === 'string' && Object.hasOwn(ELEMENT_TYPES, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
