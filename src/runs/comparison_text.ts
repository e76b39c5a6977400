import { shorten } from '../config/words.js';
import type { Welch } from '../statistics/sample.js';
import { duration, grouped, imagesPerSecond, percent, probability } from '../terminal/format.js';
import { textTable } from '../terminal/table.js';
import type { ComparedRun, Comparison, Group } from './compare.js';

/** Below it, a difference is called one. */
const SIGNIFICANT = 0.05;

/** The columns of the table of runs. */
export const RUN_COLUMNS: readonly (readonly [title: string, cell: (run: ComparedRun) => string])[] = [
  ['run', ({ run }) => run],
  ['seed', ({ seed }) => String(seed)],
  ['chosen on', ({ chosen_on: split }) => split],
  ['best epoch', ({ best_epoch: epoch }) => optional(epoch, String)],
  ['test accuracy', ({ test_accuracy: share }) => optional(share, percent)],
  ['test loss', ({ test_loss: loss }) => optional(loss, (value) => value.toFixed(4))],
  ['val accuracy', ({ validation_accuracy: share }) => optional(share, percent)],
  ['last accuracy', ({ last_accuracy: share }) => optional(share, percent)],
  ['last loss', ({ last_loss: loss }) => optional(loss, (value) => value.toFixed(4))],
  ['steps', ({ steps }) => grouped(steps)],
  ['training', ({ train_seconds: seconds }) => optional(seconds, duration)],
  ['speed', ({ images_per_second: speed }) => optional(speed, imagesPerSecond)],
];

function optional<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? '–' : format(value);
}

/** A value of a config in one line. */
export function configValue(value: unknown): string {
  return value === undefined ? '–' : shorten(JSON.stringify(value));
}

/** The columns of the table of groups. Means have their 95 % confidence intervals. */
export const GROUP_COLUMNS: readonly (readonly [title: string, cell: (group: NumberedGroup) => string])[] = [
  ['group', ({ number }) => String(number)],
  ['runs', ({ runs }) => runs.join(', ')],
  ['seeds', ({ seeds }) => seeds.join(', ')],
  ['test accuracy, mean', ({ test_accuracy: { mean } }) => percent(mean)],
  ['95 % interval', ({ test_accuracy: { interval } }) => interval.map(percent).join(' to ')],
  ['deviation', ({ test_accuracy: { deviation } }) => percent(deviation)],
  ['last accuracy, mean', ({ last_accuracy: { mean } }) => percent(mean)],
  ['95 % interval', ({ last_accuracy: { interval } }) => interval.map(percent).join(' to ')],
  ['deviation', ({ last_accuracy: { deviation } }) => percent(deviation)],
];

type NumberedGroup = Group & { readonly number: number };

export function numberedGroups({ groups }: Comparison): NumberedGroup[] {
  return groups.map((group, index) => ({ ...group, number: index + 1 }));
}

/** Whether the differences are more than chance: a sentence or two for each test that could be done. */
export function verdicts(comparison: Comparison): string[] {
  const { mcnemar, welch } = comparison;
  return [...(mcnemar ? [pairVerdict(comparison)] : []), ...(welch ? [groupVerdict(welch)] : [])];
}

function pairVerdict({ runs, mcnemar }: Comparison): string {
  const { only_first, only_second, both_right, both_wrong, p_value } = mcnemar!;
  const [first, second] = runs.map(({ run }) => run);
  const total = only_first + only_second + both_right + both_wrong;
  const counts = `${grouped(only_first)} of ${grouped(total)} test images are classified correctly by ${first} only, ${grouped(only_second)} by ${second} only`;
  const test = `McNemar's exact test, p = ${probability(p_value)}`;
  if (p_value >= SIGNIFICANT) return `No difference is shown: ${counts}, which chance may explain (${test}).`;
  const better = only_first > only_second ? first : second;
  return `${better} is better: ${counts}, which chance does not explain (${test}). This compares the two sets of weights; to compare the configs, train several seeds of each.`;
}

function groupVerdict({ difference, interval, t, degrees, p_value: p }: Welch): string {
  const points = (share: number) => (share * 100).toFixed(2);
  const direction = difference < 0 ? 'below' : 'above';
  const explained = p < SIGNIFICANT ? 'more than the seeds explain' : 'no more than the seeds may explain';
  return (
    `The mean test accuracy of group 2 is ${points(Math.abs(difference))} percentage points ${direction} that of group 1 ` +
    `(95 % confidence interval of the difference ${points(interval[0])} to ${points(interval[1])}), ${explained} ` +
    `(Welch's t-test, t = ${t.toFixed(2)}, ${degrees.toFixed(1)} degrees of freedom, p = ${probability(p)}).`
  );
}

/** The whole comparison as plain text. */
export function comparisonText(comparison: Comparison): string {
  const { runs, differences, groups, notes } = comparison;
  const config = [
    ['config', ...runs.map(({ run }) => run)],
    ...differences.map(({ key, values }) => [key, ...values.map(configValue)]),
  ];
  const blocks = [
    columnTable(RUN_COLUMNS, runs, 1),
    differences.length > 0 ? textTable(config) : ['The configs are the same.'],
    groups.length > 0 ? columnTable(GROUP_COLUMNS, numberedGroups(comparison), 3) : [],
    verdicts(comparison),
    notes,
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function columnTable<Row>(
  columns: readonly (readonly [title: string, cell: (row: Row) => string])[],
  rows: readonly Row[],
  firstNumber: number,
): string[] {
  const cells = rows.map((row) => columns.map(([, cell]) => cell(row)));
  const numbers = columns.map((_, column) => column).slice(firstNumber);
  return textTable([columns.map(([title]) => title), ...cells], numbers);
}
