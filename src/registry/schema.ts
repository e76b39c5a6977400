import type { TSchema, TUnsafe, Type as TypeBox } from '@sinclair/typebox';

/** Marks an optional property, as TypeBox does. */
const OPTIONAL = Symbol.for('TypeBox.Optional');
type Options = Readonly<Record<string, unknown>>;

/**
 * TypeBox's builders, with its types but without its code: that takes a third of the time in which `gnet validate`
 * starts, to make objects as plain as these.
 */
export const Type = {
  String: (options?: Options) => ({ type: 'string', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Null: (options?: Options) => ({ type: 'null', ...options }),
  Literal: (value: unknown, options?: Options) => ({ type: typeof value, const: value, ...options }),
  Array: (items: object, options?: Options) => ({ type: 'array', ...options, items }),
  Union: (anyOf: readonly object[], options?: Options) => ({ ...options, anyOf }),
  Unsafe: (options?: Options) => ({ ...options }),
  Optional: (schema: object) => ({ ...schema, [OPTIONAL]: 'Optional' }),
  Object: (properties: Readonly<Record<string, object>>, options?: Options) => {
    const required = Object.keys(properties).filter((key) => !(OPTIONAL in properties[key]!));
    return { type: 'object', ...options, ...(required.length > 0 && { required }), properties };
  },
} as unknown as Pick<
  typeof TypeBox,
  | 'String'
  | 'Number'
  | 'Integer'
  | 'Boolean'
  | 'Null'
  | 'Literal'
  | 'Array'
  | 'Union'
  | 'Unsafe'
  | 'Optional'
  | 'Object'
>;

/** The namespace of TensorFlow.js: handed in, so that the registry never loads it. */
export type Tf = typeof import('@tensorflow/tfjs');

/** An options type after resolving: every key is there. */
export type Resolved<T> = T extends readonly unknown[]
  ? { [K in keyof T]: Resolved<T[K]> }
  : T extends object
    ? { [K in keyof T]-?: Resolved<Exclude<T[K], undefined>> }
    : T;

export type Pair = readonly [number, number];

/**
 * An integer, or [height, width]. Each JSON Schema keyword speaks of one type only, so a mistake gives one
 * message, where a union would give one for each of its members.
 */
export function sizeOrPair(
  minimum: number,
  { maximum, ...options }: { description: string; default?: number; maximum?: number },
): TUnsafe<number | Pair> {
  const bounds = { minimum, ...(maximum !== undefined && { maximum }) };
  return Type.Unsafe<number | Pair>({
    type: ['integer', 'array'],
    ...bounds,
    items: { type: 'integer', ...bounds },
    minItems: 2,
    maxItems: 2,
    ...options,
  });
}

/** An integer, [height, width], or one of the words. */
export function sizePairOr<const W extends string>(
  words: readonly W[],
  minimum: number,
  options: { description: string; default?: number | W },
): TUnsafe<number | Pair | W> {
  const sizes = sizeOrPair(minimum, { description: options.description });
  return Type.Unsafe<number | Pair | W>({
    ...sizes,
    type: ['integer', 'array', 'string'],
    pattern: `^(${words.join('|')})$`,
    ...options,
  });
}

/** [height, width] of an option that may be one number for both. */
export function pair(size: number | Pair): Pair {
  return typeof size === 'number' ? [size, size] : size;
}

/** An integer, or one of the words. */
export function integerOr<const W extends string>(
  words: readonly W[],
  minimum: number,
  options: { description: string; default?: number | W },
): TUnsafe<number | W> {
  return Type.Unsafe<number | W>({
    type: ['integer', 'string'],
    minimum,
    pattern: `^(${words.join('|')})$`,
    ...options,
  });
}

/** One of the words. */
export function oneOf<const W extends string>(
  words: readonly W[],
  options: { description: string; default?: W },
): TUnsafe<W> {
  return Type.Unsafe<W>({ type: 'string', enum: [...words], ...options });
}

/** The value, or null. A nullable number keeps its bounds: they do not apply to null. */
export function nullable<T extends TSchema>(
  schema: T,
  options: { default?: T['static'] | null } = {},
): TUnsafe<T['static'] | null> {
  return Type.Unsafe<T['static'] | null>({ ...schema, type: [schema.type, 'null'].flat(), ...options });
}

/**
 * One of several objects, told apart by their `type`. Validators report the mistakes of that one alone. A schema that
 * several places use has an `$id`, under which it is written (and compiled) once.
 */
export function byType<T extends TSchema>(
  schemas: readonly T[],
  options: { description: string; default?: object; $id?: string },
): TUnsafe<T['static']> {
  return Type.Unsafe<T['static']>({
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: [...schemas],
    ...options,
  });
}
