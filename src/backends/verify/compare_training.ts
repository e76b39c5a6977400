import type { ModelState } from '../../model/state.js';
import type { BackendName } from '../../registry/backends.js';
import type { StateTensor } from '../../storage/safetensors.js';
import { textTable } from '../../terminal/table.js';

/** Some steps of training on one backend. */
export interface Trained {
  readonly losses: readonly number[];
  readonly state: ModelState;
}

/** How far two backends are apart after the same steps. Differences are relative: see relativeDifference. */
export interface Verification {
  readonly backends: readonly [BackendName, BackendName];
  readonly steps: readonly { readonly losses: readonly [number, number]; readonly difference: number }[];
  /** The largest difference first. */
  readonly parameters: readonly ParameterDifference[];
  /** The largest of all differences. */
  readonly worst: number;
  readonly tolerance: number;
  readonly agree: boolean;
}

export interface ParameterDifference {
  readonly name: string;
  readonly parameter: number;
  /** Of the optimizer's state, by slot. */
  readonly slots: Readonly<Record<string, number>>;
}

/**
 * ‖a − b‖ / max(‖a‖, ‖b‖) of two tensors in the Euclidean norm: 0 for equal ones, at most 2; 0 where both are 0, ∞ where
 * a number is not finite. One element says little: where a gradient is nothing but rounding, Adam makes a whole step of
 * either sign of it.
 */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, left, right] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    difference += (x - y) ** 2;
    left += x ** 2;
    right += y ** 2;
  }
  const relative = Math.sqrt(difference / Math.max(left, right));
  if (left === 0 && right === 0) return 0;
  return Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
}

export function compareTraining(
  backends: Verification['backends'],
  [first, second]: readonly [Trained, Trained],
  tolerance: number,
): Verification {
  const steps = first.losses.map((loss, index) => {
    const losses = [loss, second.losses[index]!] as const;
    return { losses, difference: relativeDifference([losses[0]], [losses[1]]) };
  });
  type Tensors = ReadonlyMap<string, StateTensor>;
  const numbers = (tensor: StateTensor) => Array.from<number | bigint, number>(tensor.data, Number);
  const differenceOf = (name: string, a: Tensors, b: Tensors) =>
    relativeDifference(numbers(a.get(name)!), numbers(b.get(name)!));
  const all = ({ state }: Trained): Tensors => new Map([...state.parameters, ...state.buffers]);
  const [left, right] = [all(first), all(second)];
  const parameters = [...left.keys()]
    .map((name) => ({
      name,
      parameter: differenceOf(name, left, right),
      // What is not trained has none.
      slots: Object.fromEntries(
        [...first.state.slots].flatMap(([slot, tensors]) =>
          tensors.has(name)
            ? [[slot, differenceOf(name, tensors, second.state.slots.get(slot)!)] as const]
            : [],
        ),
      ),
    }))
    .toSorted((a, b) => largest(b) - largest(a));
  const worst = Math.max(...steps.map(({ difference }) => difference), ...parameters.map(largest));
  return { backends, steps, parameters, worst, tolerance, agree: worst <= tolerance };
}

function largest({ parameter, slots }: ParameterDifference): number {
  return Math.max(parameter, ...Object.values(slots));
}

/** Rows of parameters that a terminal is shown. */
const VISIBLE = 10;

/** What `gnet verify` prints. */
export function verificationText({
  backends,
  steps,
  parameters,
  worst,
  tolerance,
  agree,
}: Verification): string {
  const slots = [...new Set(parameters.flatMap(({ slots: own }) => Object.keys(own)))];
  const losses = textTable(
    [
      ['step', ...backends, 'difference'],
      ...steps.map(({ losses: pair, difference }, index) => [
        String(index + 1),
        ...pair.map((loss) => loss.toFixed(6)),
        difference.toExponential(1),
      ]),
    ],
    [0, 1, 2, 3],
  );
  const table = textTable(
    [
      ['parameter', 'difference', ...slots],
      ...parameters
        .slice(0, VISIBLE)
        .map(({ name, parameter, slots: own }) => [
          name,
          ...[parameter, ...slots.map((slot) => own[slot])].map((value) => value?.toExponential(1) ?? ''),
        ]),
    ],
    [1, ...slots.map((_, index) => index + 2)],
  );
  const hidden = parameters.length - VISIBLE;
  return [
    'Loss of each step, and its relative difference:',
    ...losses,
    '',
    `Relative difference ‖a − b‖ / max(‖a‖, ‖b‖) after step ${steps.length}, the largest first:`,
    ...table,
    ...(hidden > 0 ? [`… and ${hidden} more, all smaller`] : []),
    '',
    `${agree ? '✔' : '✖'} ${backends.join(' and ')} ${agree ? 'agree' : 'do not agree'}: ` +
      `the largest difference is ${worst.toExponential(1)}, ${tolerance} is tolerated`,
  ].join('\n');
}
