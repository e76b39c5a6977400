import type { JsonSchema } from './describe_schema.js';

/** A schema of TypeBox as plain JSON; what carries an `$id` moves to `definitions` and is referred to. */
export function plainSchema(schema: object): JsonSchema & { definitions: Record<string, JsonSchema> } {
  const definitions: Record<string, JsonSchema> = {};
  const share = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('$id' in value)) return value;
    const { $id, ...definition } = value;
    definitions[String($id)] ??= JSON.parse(JSON.stringify(definition, share));
    return { $ref: `#/definitions/${$id}` };
  };
  const plain: JsonSchema = JSON.parse(JSON.stringify(schema, share));
  return { ...plain, definitions };
}
