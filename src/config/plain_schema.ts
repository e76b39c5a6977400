import type { JsonSchema } from './describe_schema.js';

/** A schema of TypeBox as plain JSON; what carries an `$id` moves to `definitions` and is referred to, but for its default. */
export function plainSchema(schema: object): JsonSchema & { definitions: Record<string, JsonSchema> } {
  const definitions: Record<string, JsonSchema> = {};
  const share = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('$id' in value)) return value;
    const { $id, default: byDefault, ...definition } = value as { $id: unknown; default?: unknown };
    definitions[String($id)] ??= JSON.parse(JSON.stringify(definition, share));
    const { description } = definition as { description?: unknown };
    const own = byDefault === undefined ? {} : { description, default: byDefault };
    return { $ref: `#/definitions/${$id}`, ...own };
  };
  const plain: JsonSchema = JSON.parse(JSON.stringify(schema, share));
  return { ...plain, definitions };
}
