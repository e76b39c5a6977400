import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { describeSchemaErrors } from '../../src/storage/schema_errors.js';

const check = new Ajv({ allErrors: true }).compile({
  type: 'object',
  required: ['step'],
  additionalProperties: false,
  properties: { step: { type: 'integer' }, best: { type: 'object', properties: { epoch: { minimum: 1 } } } },
});

it.each([
  [{ step: 1.5 }, 'step must be integer'],
  [{ step: 1, best: { epoch: 0 } }, 'best.epoch must be >= 1'],
  [[], 'the document must be object'],
  [{ step: 1, 'a\n"key"': 2 }, 'the document must NOT have additional properties: "a\\n\\"key\\""'],
  [{ step: 'x', best: 3 }, 'step must be integer; best must be object'],
])('%j: the place of each mistake and what is wrong', (value, expected) => {
  expect(check(value)).toBe(false);
  expect(describeSchemaErrors(check.errors)).toBe(expected);
});

it('nothing where nothing is wrong', () => {
  expect(check({ step: 1 })).toBe(true);
  expect(describeSchemaErrors(check.errors)).toBe('');
});
