import type { Plan } from '../config/resolve.js';
import { shorten } from '../config/words.js';
import { counted, grouped } from '../terminal/format.js';
import type { ClassCount, Survey } from './survey.js';

/** Fewer training images of a class than that are told: little can be learnt of them. */
const FEW = 20;
/** Where the largest class is that many times the smallest one, accuracy says little of the smallest. */
const UNEVEN = 10;
/** Classes named in one sentence. */
const NAMED = 5;

/** What a user should know of these images before training, none of which keeps it from beginning. */
export function warningsOf(plan: Plan, survey: Omit<Survey, 'warnings' | 'problems'>): string[] {
  const { classes, duplicates, unreadable, files } = survey;
  const { across_splits: across, different_classes: mixed } = duplicates;
  return [
    ...(unreadable.length > 0
      ? [
          `${counted(unreadable.length, 'image')} cannot be read: dataset.unreadable says what becomes of them`,
        ]
      : []),
    ...named(
      classes.filter(({ count }) => count.train < FEW),
      (names, few) =>
        `fewer than ${FEW} training images of ${few.length === 1 ? '1 class' : `${grouped(few.length)} classes`}: ${names}`,
      ({ name, count }) => `${name} (${count.train})`,
    ),
    ...unevenness(plan, classes),
    ...(['validation', 'test'] as const).flatMap((split) =>
      plan.dataset.count[split] === 0
        ? []
        : named(
            classes.filter(({ count }) => count[split] === 0),
            (names) => `no ${split} images of ${names}: how well it is learnt will not be known`,
            ({ name }) => name,
          ),
    ),
    ...(across.groups > 0
      ? [
          `${counted(across.images, 'image')} in ${counted(across.groups, 'group')} of the same content across splits: results on them tell nothing of new images`,
        ]
      : []),
    ...(mixed.groups > 0
      ? [`${counted(mixed.groups, 'group')} of images with the same content are in different classes`]
      : []),
    ...(files && files.enlarged > files.files / 2
      ? [
          `${grouped(files.enlarged)} of ${grouped(files.files)} images are smaller than the ${plan.dataset.image.height} × ${plan.dataset.image.width} pixels that they are resized to: a smaller input.resize loses nothing`,
        ]
      : []),
  ];
}

function unevenness(plan: Plan, classes: readonly ClassCount[]): string[] {
  const [first, ...others] = classes.toSorted((a, b) => a.count.train - b.count.train);
  const last = others.at(-1);
  if (!first || !last || last.count.train < UNEVEN * Math.max(1, first.count.train)) return [];
  const { loss } = plan.config;
  const isBalanced = 'class_weights' in loss && loss.class_weights !== null;
  const next = isBalanced ? '' : '; loss.class_weights: balanced lets each class count alike';
  const of = ({ name, count }: ClassCount) => `${grouped(count.train)} of ${shorten(name)}`;
  return [`classes differ much in size: ${of(last)}, ${of(first)}${next}`];
}

/** A sentence on some classes, if there are any. */
function named(
  classes: readonly ClassCount[],
  sentence: (names: string, classes: readonly ClassCount[]) => string,
  name: (each: ClassCount) => string,
): string[] {
  if (classes.length === 0) return [];
  const more = classes.length > NAMED ? ` and ${grouped(classes.length - NAMED)} more` : '';
  const names = classes.slice(0, NAMED).map((each) => shorten(name(each)));
  return [sentence(`${names.join(', ')}${more}`, classes)];
}
