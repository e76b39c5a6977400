import type { Duplicates } from '../survey/duplicates.js';
import type { ClassExamples } from '../survey/examples.js';
import { SPLITS } from '../survey/looked_at.js';
import { type ClassCount, type Survey, type Surveyed, totals } from '../survey/survey.js';
import { fileFacts, groupText, yamlOf } from '../survey/survey_text.js';
import { grouped, percent } from '../terminal/format.js';
import { facts, notice, page, section } from './document.js';
import { type Content, type Html, html } from './html.js';
import { table } from './table.js';
import { thumbnails } from './thumbnail.js';

export const SURVEY = 'gnet data';

/** Files that cannot be read told of on the page. */
const SHOWN = 200;

/** The page of `gnet data`. */
export async function surveyPage({ plan, survey, examples }: Surveyed): Promise<string> {
  const { files, unreadable, duplicates, normalize, problems, warnings } = survey;
  const { name } = plan.config;
  const sums = totals(survey.classes);
  const shown = await Promise.all(examples.map((each) => exampleRows(each, survey)));
  return page(
    `${name}: gnet data`,
    SURVEY,
    html`<header>
<h1>Images of ${name}</h1>
<p class="subtitle">${survey.dataset}, ${survey.config}</p>
${notice([...problems.map((problem) => `Training would fail: ${problem}`), ...warnings])}
${facts([
  ...SPLITS.map((split): [string, string] => [`${split} images`, grouped(sums[split])]),
  ['classes', grouped(survey.classes.length)],
  ['pixels read', `${survey.image.height} × ${survey.image.width}`],
])}
</header>
<main>
${section('classes', 'Classes', classTable(survey.classes, sums.train))}
${files === null ? null : section('files', 'Files', fileTables(files))}
${unreadable.length === 0 ? null : section('unreadable', 'Files that cannot be read', unreadableList(survey))}
${section('duplicates', 'Duplicates', duplicateLists(duplicates))}
${
  normalize === null
    ? null
    : section(
        'normalize',
        'Normalization',
        html`<p class="note">Mean and standard deviation of the channels of ${grouped(normalize.images)} training images, as <code>input</code> takes them.</p><pre tabindex="0"><code>input:
  ${yamlOf(normalize)}</code></pre>`,
      )
}
${shown.length === 0 ? null : section('examples', 'Examples', html`<p class="note">The first training images of each class as the network reads them, and as the augmentation of the first epoch changes them.</p>`, shown)}
</main>
<footer>Made by <code>gnet data</code>.</footer>`,
  );
}

function classTable(classes: readonly ClassCount[], training: number): Html {
  const most = Math.max(1, ...classes.map(({ count }) => count.train));
  return table<ClassCount>(
    'Images that can be read',
    [
      { title: 'class', cell: ({ name }) => name },
      ...SPLITS.map((split) => ({
        title: split,
        numeric: true,
        cell: ({ count }: ClassCount) => grouped(count[split]),
      })),
      {
        title: 'of the training images',
        numeric: true,
        cell: ({ count: { train } }) =>
          html`<span class="bar" aria-hidden="true"><i style="--share: ${(train / most).toFixed(4)}"></i></span>${percent(train / Math.max(1, training))}`,
      },
    ],
    classes,
  );
}

function fileTables(files: NonNullable<Survey['files']>): Content {
  return [
    table(
      'Width and height as EXIF turns the image',
      [
        { title: 'what', cell: ([name]) => name },
        { title: 'value', cell: ([, value]) => value },
      ],
      fileFacts(files),
    ),
    table(
      `The commonest of ${grouped(files.different_sizes)} sizes`,
      [
        { title: 'size', cell: ({ width, height }) => `${width} × ${height}` },
        { title: 'files', numeric: true, cell: (size) => grouped(size.files) },
        { title: 'share', numeric: true, cell: (size) => percent(size.files / files.files) },
      ],
      files.sizes,
    ),
  ];
}

function unreadableList({ unreadable }: Survey): Html {
  const items = unreadable.slice(0, SHOWN).map(({ error, split }) => html`<li>${error} (${split})</li>\n`);
  const rest = unreadable.length - SHOWN;
  return html`<ul>${items}</ul>${rest > 0 ? html`<p class="note">And ${grouped(rest)} more.</p>` : null}`;
}

function duplicateLists({ across_splits, within_splits, different_classes }: Survey['duplicates']): Content {
  const lists: [string, Duplicates][] = [
    ['Across splits', across_splits],
    ['Within a split', within_splits],
    ['In different classes', different_classes],
  ];
  const found = lists.filter(([, { groups }]) => groups > 0);
  if (found.length === 0) return html`<p>No two images have the same content.</p>`;
  return found.map(
    ([title, { groups, images, shown }]) => html`<h3>${title}</h3>
<p class="note">${grouped(images)} images in ${grouped(groups)} groups${groups > shown.length ? `, of which ${shown.length} are listed` : ''}.</p>
<ul>${shown.map((group) => html`<li>${groupText(group)}</li>\n`)}</ul>`,
  );
}

async function exampleRows({ name, before, after }: ClassExamples, { image }: Survey): Promise<Html> {
  const list = async (images: Uint8Array, what: string) => {
    const urls = await thumbnails(images, image);
    return html`<ul class="images" aria-label="${name}, ${what}">${urls.map(
      (url, index) => html`<li><img src="${url}" alt="${name}, ${what}, image ${index + 1}"></li>\n`,
    )}</ul>`;
  };
  return html`<figure class="examples"><figcaption><h3>${name}</h3></figcaption>
<div>as read ${await list(before, 'as read')}</div><div>augmented ${await list(after, 'augmented')}</div></figure>\n`;
}
