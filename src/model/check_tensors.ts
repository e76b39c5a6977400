import { shorten } from '../config/words.js';
import { UserError } from '../errors.js';
import type { TensorSpec } from '../registry/layers/layer.js';
import { isCounter, type StateTensor } from '../storage/safetensors.js';

/** A tensor that is not as the model wants it, and how. */
export interface TensorProblem {
  readonly name: string;
  readonly text: string;
}

/** The largest count that a step can hold, which computes in int32. */
const MAX_COUNT = 2n ** 31n - 1n;

/** Every tensor that is missing, is not known, has another shape or type, or counts wrongly. A counter may be absent. */
export function tensorProblems(
  specs: ReadonlyMap<string, TensorSpec>,
  tensors: ReadonlyMap<string, StateTensor>,
): TensorProblem[] {
  const shape = (dimensions: readonly number[]) => `[${dimensions.join(', ')}]`;
  const described = (dtype: string, dimensions: readonly number[]) =>
    `${dtype === 'int64' ? 'int64 ' : ''}${shape(dimensions)}`;
  const ofModel = [...specs].flatMap(([name, spec]) => {
    const tensor = tensors.get(name);
    const expected = described(spec.dtype, spec.shape);
    if (!tensor) {
      return spec.dtype === 'int64' ? [] : [{ name, text: `${name}: expected ${expected}, not in the file` }];
    }
    const actual = described(isCounter(tensor) ? 'int64' : 'float32', tensor.shape);
    if (actual !== expected) return [{ name, text: `${name}: expected ${expected}, got ${actual}` }];
    const wrong = isCounter(tensor)
      ? tensor.data.find((count) => count < 0n || count > MAX_COUNT)
      : undefined;
    if (wrong === undefined) return [];
    return [{ name, text: `${name}: expected a count from 0 to ${MAX_COUNT}, got ${wrong}` }];
  });
  const unknown = [...tensors]
    .filter(([name]) => !specs.has(name))
    .map(([name, tensor]) => ({ name, text: `${name} ${shape(tensor.shape)}: not in the model` }));
  return [...ofModel, ...unknown];
}

/** @throws UserError that lists every tensor that is missing, is not known, has another shape or type, or counts wrongly. */
export function checkTensors(
  specs: ReadonlyMap<string, TensorSpec>,
  tensors: ReadonlyMap<string, StateTensor>,
  source: string,
): void {
  const problems = tensorProblems(specs, tensors);
  if (problems.length === 0) return;
  throw otherTensors(
    source,
    problems.map(({ text }) => text),
    'Use the config that the file was trained with ("gnet describe CONFIG" lists its parameters).',
  );
}

/** More lines than that nobody reads; a file of another model may have any number of tensors, of any name and rank. */
const MAX_LISTED = 100;
const MAX_LINE = 300;

/** What to say of a file with other tensors than those of the model. */
export function otherTensors(source: string, problems: readonly string[], hint: string): UserError {
  const more = problems.length - MAX_LISTED;
  const lines = [
    ...problems.slice(0, MAX_LISTED).map((line) => shorten(line, MAX_LINE)),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ];
  const list = lines.map((line) => `  ${line}`).join('\n');
  return new UserError(`${source}: the parameters are not those of the model\n${list}`, { hint });
}
