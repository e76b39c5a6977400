import { describe, expect, it } from 'vitest';
import { describeSchema, type JsonSchema, typesOf, wordsOf } from '../../src/config/describe_schema.js';
import { plainSchema } from '../../src/config/plain_schema.js';
import { experimentSchema } from '../../src/registry/experiment.js';
import { byType, integerOr, nullable, oneOf, sizeOrPair, Type } from '../../src/registry/schema.js';

const description = 'x';
const union = byType([Type.Object({ type: Type.Literal('a') }), Type.Object({ type: Type.Literal('b') })], {
  description,
});

describe('describeSchema', () => {
  it.each([
    [Type.Integer(), 'an integer'],
    [Type.Integer({ minimum: 1 }), 'an integer of at least 1'],
    [Type.Number({ minimum: 0, maximum: 1 }), 'a number from 0 to 1'],
    [Type.Number({ minimum: 0, exclusiveMaximum: 1 }), 'a number of at least 0 and below 1'],
    [Type.Number({ exclusiveMinimum: 0, maximum: 1 }), 'a number above 0 and of at most 1'],
    [Type.Boolean(), 'true or false'],
    [Type.String(), 'text'],
    [Type.String({ minLength: 1 }), 'text that is not empty'],
    [Type.String({ pattern: '^x+$' }), 'text that matches ^x+$'],
    [Type.Literal('adam'), 'adam'],
    [oneOf(['none', 'relu'], { description }), 'one of none, relu'],
    [integerOr(['num_classes'], 1, { description }), 'an integer of at least 1 or num_classes'],
    [sizeOrPair(1, { description }), 'an integer of at least 1 or [height, width]'],
    [nullable(sizeOrPair(1, { description })), 'an integer of at least 1, [height, width] or null'],
    [nullable(Type.Integer({ minimum: 8, maximum: 2048 })), 'an integer from 8 to 2048 or null'],
    [Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]), 'an integer of at least 1 or null'],
    [Type.Array(Type.Number(), { minItems: 3, maxItems: 3 }), 'a list of 3 numbers'],
    [Type.Array(Type.String(), { minItems: 1 }), 'a list of at least 1 item'],
    [Type.Array(Type.String()), 'a list'],
    [Type.Object({}), 'a map'],
    [union, 'a map with a type of a or b'],
  ])('%j', (schema, words) => expect(describeSchema(schema as JsonSchema)).toBe(words));

  it('has words for every pattern of the registry', () => {
    const text = JSON.stringify(plainSchema(experimentSchema));
    const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map((match) =>
      JSON.parse(match[1]!),
    );
    expect(patterns.length).toBeGreaterThan(5);
    for (const pattern of patterns) {
      expect(describeSchema({ type: 'string', pattern })).not.toMatch(/matches/);
    }
  });
});

it('typesOf', () => expect(typesOf(union as JsonSchema)).toEqual(['a', 'b']));

it.each([
  [{ enum: ['a', 'b'] }, ['a', 'b']],
  [{ pattern: '^(a|b)$' }, ['a', 'b']],
  [{ pattern: '^[ab]$' }, []],
  [{}, []],
])('wordsOf(%j)', (schema, words) => expect(wordsOf(schema)).toEqual(words));
