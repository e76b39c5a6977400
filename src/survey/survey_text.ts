import { printable } from '../config/words.js';
import { grouped } from '../terminal/format.js';
import { textTable } from '../terminal/table.js';
import { type ChannelMoments, normalization } from './channel_sums.js';
import type { DuplicateGroup } from './duplicates.js';
import type { FileFacts, Spread } from './file_facts.js';
import { SPLITS } from './looked_at.js';
import { type Survey, totals } from './survey.js';

/** Classes, files and groups told of on a terminal; the page and --json have more. */
const SHOWN = 20;

/** A survey for a terminal. */
export function surveyText(survey: Survey): string {
  const { files, unreadable, duplicates, normalize, problems, warnings } = survey;
  const parts = [
    classTable(survey),
    files === null ? [] : fileLines(files),
    listed(
      'Cannot be read',
      unreadable.map(({ error }) => printable(error)),
      unreadable.length,
    ),
    duplicateLines('The same content across splits', duplicates.across_splits),
    duplicateLines('The same content within a split', duplicates.within_splits),
    normalize === null
      ? []
      : [`Channels of ${grouped(normalize.images)} training images:`, `  ${yamlOf(normalize)}`],
    listed('Worth a look', warnings.map(printable), warnings.length),
    problems.length === 0
      ? ['Training can begin.']
      : listed('Training would fail', problems.map(printable), problems.length),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function classTable({ classes }: Survey): string[] {
  const sums = totals(classes);
  const row = (name: string, count: Readonly<Record<string, number>>) => [
    printable(name),
    ...SPLITS.map((split) => grouped(count[split]!)),
  ];
  const rest = classes.length - SHOWN;
  return [
    ...textTable(
      [
        ['class', ...SPLITS],
        ...classes.slice(0, SHOWN).map(({ name, count }) => row(name, count)),
        row(`all ${grouped(classes.length)}`, sums),
      ],
      [1, 2, 3],
    ),
    ...(rest > 0 ? [`(${grouped(rest)} more classes are not shown)`] : []),
  ];
}

/** What files are like, a name and a value each. */
export function fileFacts(files: FileFacts): [name: string, value: string][] {
  const spread = ({ least, median, most }: Spread, digits = 0) =>
    `${least.toFixed(digits)} to ${most.toFixed(digits)}, median ${median.toFixed(digits)}`;
  const kinds: [string, number][] = [
    ['turned by EXIF', files.turned_by_exif],
    ['grey', files.grey],
    ['CMYK', files.cmyk],
    ['16 bits a channel', files.sixteen_bit],
    ['with transparency', files.transparent],
    ['animated', files.animated],
    ['enlarged for the network', files.enlarged],
  ];
  const formats = Object.entries(files.formats).map(([name, count]) => `${grouped(count)} ${name}`);
  const sizes = files.sizes
    .slice(0, 3)
    .map((size) => `${size.width} × ${size.height} (${grouped(size.files)})`);
  return [
    ['files', formats.join(', ')],
    ['width', spread(files.width)],
    ['height', spread(files.height)],
    ['width : height', spread(files.aspect_ratio, 2)],
    ['commonest sizes', `${sizes.join(', ')} of ${grouped(files.different_sizes)}`],
    ...kinds
      .filter(([, count]) => count > 0)
      .map(([name, count]): [string, string] => [name, grouped(count)]),
  ];
}

function fileLines(files: FileFacts): string[] {
  return textTable(fileFacts(files));
}

/** As `input` of a config takes it. */
export function yamlOf(moments: ChannelMoments): string {
  const list = (values: readonly number[]) => `[${values.map((value) => value.toFixed(4)).join(', ')}]`;
  const { mean, std } = normalization(moments);
  return `normalize: {mean: ${list(mean)}, std: ${list(std)}}`;
}

function duplicateLines(
  title: string,
  { groups, images, shown }: { groups: number; images: number; shown: readonly DuplicateGroup[] },
): string[] {
  const heading = `${title}: ${grouped(images)} images in ${grouped(groups)} groups`;
  return listed(
    heading,
    shown.map((group) => printable(groupText(group))),
    groups,
  );
}

export function groupText({ count, images }: DuplicateGroup): string {
  const more = count > images.length ? ` and ${grouped(count - images.length)} more` : '';
  return `${images.join(' = ')}${more}`;
}

function listed(title: string, lines: readonly string[], count: number): string[] {
  if (count === 0) return [];
  const rest = count - Math.min(lines.length, SHOWN);
  return [
    `${title}:`,
    ...lines.slice(0, SHOWN).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  and ${grouped(rest)} more`] : []),
  ];
}
