import { stringify } from 'yaml';
import { type DescribedLayer, describePlan } from '../authoring/describe.js';
import { OPTIMISTIC } from '../runs/chosen_on.js';
import { testResult } from '../runs/compare.js';
import type { OpenedRun } from '../runs/open_run.js';
import type { Scores } from '../statistics/scores.js';
import { bytes, duration, grouped, imagesPerSecond, percent } from '../terminal/format.js';
import { classResults } from './classes.js';
import { curves } from './curves.js';
import { facts, notice, page, section } from './document.js';
import { type Content, type Html, html } from './html.js';
import { type MistakeImages, mistakes } from './mistakes.js';
import { type Column, table } from './table.js';

const REPORT = 'gnet report';

/** report.html of a run. */
export function runPage(run: OpenedRun, images: MistakeImages): string {
  const { plan, metrics, predictions } = run;
  const { classes } = plan.dataset;
  const { name } = plan.config;
  const sections = [
    section('curves', 'Training', curves(plan, metrics)),
    ...(predictions
      ? [
          section('classes', 'Classes', classResults(predictions, classes)),
          section('mistakes', 'Most certain mistakes', mistakes(predictions, classes, images)),
        ]
      : []),
    section('layers', 'Layers', layers(run)),
    section('config', 'Config', config(run)),
    ...(run.environment ? [section('environment', 'Environment', environment(run.environment))] : []),
  ];
  const links = [
    ['curves', 'Training'],
    ...(predictions
      ? [
          ['classes', 'Classes'],
          ['mistakes', 'Mistakes'],
        ]
      : []),
    ['layers', 'Layers'],
    ['config', 'Config'],
    ...(run.environment ? [['environment', 'Environment']] : []),
  ].map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`);
  return page(
    `${name}: gnet report`,
    REPORT,
    html`<header>
<h1>${name}</h1>
<p class="subtitle">${subtitle(run)}</p>
${notice(run.missing)}
${headline(run)}
<nav aria-label="Sections"><ul>${links}</ul></nav>
</header>
<main>
${sections}
</main>
<footer>Made by <code>gnet report ${run.paths.directory}</code>, which makes it again.</footer>`,
  );
}

function subtitle({ plan, environment: ran }: OpenedRun): string {
  const { dataset } = plan.config;
  const { validation } = plan.dataset.count;
  const apart = validation === 0 ? '' : `, ${grouped(validation)} validation`;
  const started =
    typeof ran?.started_at === 'string'
      ? `, started ${ran.started_at.replace('T', ' ').replace(/\.\d+Z/, ' UTC')}`
      : '';
  return `${dataset.type}: ${grouped(plan.dataset.count.train)} training${apart} and ${grouped(plan.dataset.count.test)} test images, ${plan.dataset.classes.length} classes${started}`;
}

const small = (text: string): Html => html`<small>${text}</small>`;

function headline(run: OpenedRun): Html {
  const { plan, metrics, summary, environment: ran } = run;
  const { chosenOn } = plan.dataset;
  const test = testResult(run);
  const bestEpoch = summary?.best?.epoch ?? metrics.best?.epoch;
  const entries: [string, Content][] = [];
  const ofImages = ({ correct, count }: { correct: number; count: number }) =>
    `${grouped(correct)} of ${grouped(count)} images`;
  if (test) {
    const optimistic = chosenOn === 'test' ? `; ${OPTIMISTIC}` : '';
    entries.push(['test accuracy', [percent(test.accuracy), small(`${ofImages(test)}${optimistic}`)]]);
    entries.push(['test loss', [test.loss.toFixed(4), small('cross-entropy, nats')]]);
    if (test.scores) entries.push(...scoreFacts(test.scores));
  }
  if (metrics.best && chosenOn === 'validation') {
    const { accuracy } = metrics.best;
    entries.push(['validation accuracy', [percent(accuracy), small(ofImages(metrics.best))]]);
  }
  if (bestEpoch) entries.push(['best epoch', [bestEpoch, small(`of ${plan.config.training.epochs}`)]]);
  if (metrics.seconds > 0) {
    entries.push(['training time', [duration(metrics.seconds), small('without evaluation')]]);
  }
  const backend = summary?.backend ?? (typeof ran?.backend === 'string' ? ran.backend : plan.config.backend);
  const speed = metrics.seconds > 0 ? imagesPerSecond(metrics.images / metrics.seconds) : '–';
  entries.push(['training speed', [speed, small(`on ${backend}`)]]);
  const macs = `${compactCount(plan.macs)} MACs an image`;
  entries.push(['parameters', [grouped(plan.parameterCount), small(macs)]]);
  return facts(entries);
}

function scoreFacts(scores: Scores): [string, Content][] {
  const { top5_accuracy: top5, balanced_accuracy: balanced, macro_f1: f1, calibration_error: error } = scores;
  return [
    ...(top5 === undefined ? [] : [['top-5 accuracy', percent(top5)] as [string, Content]]),
    ['balanced accuracy', [percent(balanced), small('mean recall of the classes')]],
    ['macro F1', [f1.toFixed(3), small('mean of the classes')]],
    ['calibration error', [percent(error), small('expected, 15 bins')]],
  ];
}

/** A layer, or the sum of all, which has no output. */
type LayerRow = Omit<DescribedLayer, 'output'> & { readonly output: readonly number[] };

function layers({ plan }: OpenedRun): Content {
  const { input, layers: main, auxiliary, parameters, macs } = describePlan(plan, { expand: false });
  const rows: LayerRow[] = [...main, ...auxiliary];
  const columns: Column<LayerRow>[] = [
    {
      title: 'layer',
      cell: ({ name, label, depth }) => (depth === 0 ? name : `${'\u2003'.repeat(depth)}${label}`),
    },
    { title: 'type', cell: ({ type }) => type },
    { title: 'output', cell: ({ output }) => output.join(' × ') },
    { title: 'parameters', numeric: true, cell: (layer) => grouped(layer.parameters) },
    { title: 'MACs', numeric: true, cell: (layer) => grouped(layer.macs) },
  ];
  const total: LayerRow = { name: 'total', label: 'total', depth: 0, type: '', output: [], parameters, macs };
  const heads = plan.network.auxiliary.map(
    ({ name, after, weight }) =>
      html`<p class="note">${name} reads ${after}; its loss counts ${weight}. It is left out after training.</p>`,
  );
  return [
    table(
      `Input: ${input.join(' × ')}. Shapes are of one image, channels first; MACs are multiply-accumulates of one forward pass.`,
      columns,
      rows,
      total,
    ),
    heads,
  ];
}

function config({ plan }: OpenedRun): Html {
  return html`<p class="note">With every default. A copy of the file as written is in config.yaml.</p>
<pre tabindex="0"><code>${stringify(plan.config, { lineWidth: 100 })}</code></pre>`;
}

/** Keys of nested objects are joined with dots; earlier sessions of a resumed run have the same keys again. */
function environment(environment: NonNullable<OpenedRun['environment']>): Html {
  const { earlier_sessions: earlier, memory_bytes: memory, ...rest } = environment;
  const sessions = Array.isArray(earlier) ? earlier.length : 0;
  const rows = [
    ...flat(rest),
    ...(typeof memory === 'number' ? [['memory', bytes(memory)] as const] : []),
    ...(sessions > 0 ? [['earlier sessions', `${sessions}, in environment.json`] as const] : []),
  ];
  return table<readonly [string, string]>(
    'What the run, or its last session, ran on',
    [
      { title: 'key', cell: ([key]) => key },
      { title: 'value', cell: ([, value]) => html`<span class="value">${value}</span>` },
    ],
    rows,
  );
}

function flat(value: object, prefix = ''): (readonly [string, string])[] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    if (typeof item === 'object' && item !== null && !Array.isArray(item))
      return flat(item, `${prefix}${key}.`);
    const text = Array.isArray(item) ? item.map(plainText).join(' ') : String(item ?? '–');
    return [[`${prefix}${key}`, text] as const];
  });
}

/** Of any value of a JSON file: an object may have a toString that is no function. */
const plainText = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

/** 3247616 → "3.25 M". */
function compactCount(count: number): string {
  return Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(count);
}
