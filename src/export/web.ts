import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { io } from '@tensorflow/tfjs';
import { UserError } from '../errors.js';
import type { OpenedCheckpoint } from '../inference/open_checkpoint.js';
import { page } from '../report/document.js';
import { html, trusted } from '../report/html.js';
import { writeNewFile } from '../storage/atomic.js';
import { toArtifacts } from './graph_model_files.js';
import type { ExportMetadata } from './metadata.js';
import { exportGraphModel } from './tfjs.js';

const PACKAGE = new URL('../../', import.meta.url);
const { resolve } = createRequire(import.meta.url);

/** The page may load what is within it, and nothing else. TensorFlow.js' bundle makes functions of strings. */
const POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'",
  "style-src 'unsafe-inline'",
  'img-src data: blob:',
  'media-src blob: mediastream:',
  'connect-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The files of TensorFlow.js' WebAssembly backend, and the elements that hold them; no page from disk has threads. */
const WASM = {
  'tfjs-backend-wasm.wasm': 'wasm-plain',
  'tfjs-backend-wasm-simd.wasm': 'wasm-simd',
  'tfjs-backend-wasm-threaded-simd.wasm': 'wasm-simd',
} as const;

const OWN_STYLE = `
#drop { display: block; margin-top: 1.5rem; padding: 2rem 1rem; border: 2px dashed var(--muted); border-radius: 8px; text-align: center; }
#drop.over, #drop:focus-within { border-color: var(--accent); background: var(--card); }
#drop input { display: block; margin: .75rem auto 0; font: inherit; max-width: 100%; }
button { margin-top: 1rem; padding: .5rem 1rem; font: inherit; }
button:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#picture, video { display: block; margin-top: 1rem; max-width: min(100%, 24rem); max-height: 24rem; border-radius: 8px; }
#status { margin-top: 1rem; font-size: 1.1rem; overflow-wrap: anywhere; }
#answers td { min-width: 12rem; background: linear-gradient(var(--hit), var(--hit)) 0 100% / calc(var(--share) * 100%) 3px no-repeat; }
[hidden] { display: none !important; }
`;

/**
 * Writes a page, one file, that classifies images in any browser: TensorFlow.js, the model, and the code by which gnet itself
 * resizes images.
 * @throws UserError where the model does not read colour images
 */
export async function writeWebPage(
  { plan, state }: OpenedCheckpoint,
  metadata: ExportMetadata,
  path: string,
): Promise<void> {
  const { classes, image } = plan.dataset;
  if (image.channels !== 3) {
    throw new UserError(`export: expected a model of colour images, got one of ${image.channels} channel`, {
      hint: 'Export it as tfjs, and turn images grey as your data are.',
      exitCode: 2,
    });
  }
  const { weightData, ...artifacts } = toArtifacts(await exportGraphModel(plan, state));
  const model = { classes, image, wasm: WASM, userDefinedMetadata: metadata, ...artifacts };
  const [tf, wasm, plain, simd, resize, script] = await Promise.all([
    readFile(resolve('@tensorflow/tfjs/dist/tf.min.js'), 'utf8'),
    readFile(resolve('@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js'), 'utf8'),
    readFile(resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'), 'base64'),
    readFile(resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'), 'base64'),
    inlined(['pixels/resize_matrix.js', 'data/resize_pixels.js']),
    readFile(new URL('web/page.js', PACKAGE), 'utf8'),
  ]);
  const { name } = plan.config;
  const code = (text: string) => trusted(`<script>${closed(text)}</script>\n`);
  const data = (id: string, text: string) =>
    trusted(`<script type="text/plain" id="${id}">${text}</script>\n`);
  const weights = Buffer.from(weightData as ArrayBuffer).toString('base64');
  const body = html`<main>
<h1>${name}</h1>
<p class="subtitle">Tells ${classes.length} classes apart. Images stay on this device: the page sends nothing.</p>
<label id="drop">Drop an image here, or choose one<input type="file" id="file" accept="image/*"></label>
<button type="button" id="camera">Use the camera</button>
<div id="live" hidden><video id="video" muted playsinline aria-label="Camera"></video>
<button type="button" id="take">Take a picture</button></div>
<p id="status" role="status">Loading …</p>
<canvas id="picture" role="img" hidden></canvas>
<div id="result" hidden>
<table><caption>The most probable classes</caption>
<thead><tr><th scope="col">class</th><th scope="col">probability</th></tr></thead>
<tbody id="answers"></tbody></table>
<p class="note" id="backend"></p>
</div>
</main>
${trusted(`<script type="application/json" id="model">${JSON.stringify(model).replaceAll('<', '\\u003c')}</script>\n`)}
${data('weights', weights)}
${data('wasm-plain', plain)}
${data('wasm-simd', simd)}
${code(tf)}
${code(wasm)}
${code(`${resize}\n(() => {\n${script}\n})();`)}`;
  const title = `${name}: what is in the image?`;
  await writeNewFile(path, page(title, 'gnet export', body, { policy: POLICY, style: OWN_STYLE }));
}

/** The model in a page, for TensorFlow.js. @throws UserError where there is none */
export async function webPageLoader(path: string): Promise<io.IOHandler> {
  const text = await readFile(path, 'utf8');
  const element = (id: string) =>
    new RegExp(`<script type="[^"]*" id="${id}">([^<]*)</script>`).exec(text)?.[1];
  const [model, weights] = [element('model'), element('weights')];
  if (model === undefined || weights === undefined)
    throw new UserError(`${path}: expected a page with a model`);
  const artifacts = JSON.parse(model) as io.ModelArtifacts;
  return {
    load: async () => ({ ...artifacts, weightData: Uint8Array.from(Buffer.from(weights, 'base64')).buffer }),
  };
}

/** Compiled modules of gnet as one script: their imports of each other are left out, as all of them share a scope. */
async function inlined(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(new URL(`dist/${file}`, PACKAGE), 'utf8')));
  return texts
    .map((text) =>
      text
        .replace(/^import .*$/gm, '')
        .replace(/^export /gm, '')
        .replace(/^\/\/# sourceMappingURL=.*$/gm, ''),
    )
    .join('\n');
}

/** A script ends where this text stands, even within a string. */
function closed(script: string): string {
  return script.replaceAll('</script', '<\\/script').replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}
