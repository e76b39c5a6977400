import type { ImageSize } from '../registry/datasets/facts.js';
import { grouped, percent } from '../terminal/format.js';
import { facts, notice, page, section } from './document.js';
import { type Html, html } from './html.js';
import { thumbnails } from './thumbnail.js';

const GENERATOR = 'gnet predict';
/** Images of a section, and classes that have one: the page stays of a size that opens. */
const [SHOWN, OF_CLASS, CLASSES] = [24, 12, 40];

/** An answer as the page shows it. */
export interface ShownPrediction {
  readonly file: string;
  readonly class: string;
  readonly predictions: readonly { readonly class: string; readonly probability: number }[];
}

export interface PredictionsPage {
  readonly checkpoint: string;
  readonly images: readonly ShownPrediction[];
  /** A sentence for each file that could not be read or is no image. */
  readonly missing: readonly string[];
  readonly image: ImageSize;
  /** The pixels of an image file, as the model reads them, uint8 planes. */
  readonly read: (file: string) => Promise<Uint8Array>;
}

/** The page of `gnet predict`: the most certain images, the least certain ones, and some of each class. */
export async function predictionsPage({
  checkpoint,
  images,
  missing,
  image,
  read,
}: PredictionsPage): Promise<string> {
  const certain = images.toSorted((a, b) => top(b) - top(a));
  const classes = new Map<string, ShownPrediction[]>();
  for (const each of images) {
    const ofClass = classes.get(each.class);
    if (ofClass) ofClass.push(each);
    else classes.set(each.class, [each]);
  }
  const largest = [...classes].sort(([, a], [, b]) => b.length - a.length).slice(0, CLASSES);
  const list = async (some: readonly ShownPrediction[]): Promise<Html> => {
    const items: Html[] = [];
    for (const { file, class: answer, predictions } of some) {
      const [url] = await thumbnails(await read(file), image);
      const first = predictions[0]!;
      const other = first.class === answer ? null : html`<br>perhaps <b>${first.class}</b>`;
      items.push(
        html`<li><img src="${url}" alt="${file}"><b>${answer}</b>${other}<br><small>${percent(first.probability)}<br>${file}</small></li>\n`,
      );
    }
    return html`<ul class="mistakes">${items}</ul>`;
  };
  const sections: Html[] = [];
  for (const [index, [name, some]] of largest.entries()) {
    const first = some.toSorted((a, b) => top(b) - top(a)).slice(0, OF_CLASS);
    const of =
      some.length > first.length
        ? `The ${first.length} most certain of ${grouped(some.length)}.`
        : `${grouped(some.length)} in all.`;
    sections.push(section(`class-${index}`, name, html`<p class="note">${of}</p>`, await list(first)));
  }
  const links = largest.map(
    ([name, some], index) => html`<li><a href="#class-${index}">${name}</a> ${grouped(some.length)}</li>`,
  );
  const rest = classes.size - largest.length;
  return page(
    `${checkpoint}: gnet predict`,
    GENERATOR,
    html`<header>
<h1>${grouped(images.length)} images</h1>
<p class="subtitle">classified by ${checkpoint}</p>
${notice(missing.slice(0, SHOWN))}
${facts([
  ['images', grouped(images.length)],
  ['classes', grouped(classes.size)],
  ['not classified', grouped(missing.length)],
])}
<nav aria-label="Classes"><ul>${links}</ul></nav>
${rest > 0 ? html`<p class="note">${grouped(rest)} rarer classes are not shown.</p>` : null}
</header>
<main>
${section('certain', 'Most certain', await list(certain.slice(0, SHOWN)))}
${section('uncertain', 'Least certain', await list(certain.toReversed().slice(0, SHOWN)))}
${sections}
</main>
<footer>Made by <code>gnet predict</code>.</footer>`,
  );
}

function top({ predictions }: ShownPrediction): number {
  return predictions[0]!.probability;
}
