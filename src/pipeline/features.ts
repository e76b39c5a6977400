import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canonicalJson } from '../config/canonical.js';
import { partSize } from '../config/part_size.js';
import type { Plan } from '../config/resolve.js';
import { streamBatches } from '../data/batches.js';
import type { Splits } from '../data/open.js';
import type { Inputs, Source } from '../data/source.js';
import { Interrupted } from '../errors.js';
import { firstIndices } from '../listing/sample.js';
import type { FeatureExtractor, Weights } from '../model/program.js';
import { stateDict } from '../model/state.js';
import type { Split } from '../registry/datasets/facts.js';
import { elements } from '../shape.js';
import {
  type FeatureFile,
  type FeatureFileFacts,
  openFeatureFile,
  writeFeatureFile,
} from '../storage/feature_file.js';
import { fileError } from '../storage/file_error.js';
import { makeDirectory } from '../storage/make_directory.js';
import { counted, rate } from '../terminal/format.js';
import type { StageOutput, StopRequested } from '../terminal/stage.js';
import { gnetVersion } from '../version.js';

/** What features are computed from, and where they are kept. */
export interface FeatureRequest {
  /** Of the layers that give them. */
  readonly plan: Plan;
  /** Of these layers. */
  readonly weights: Weights;
  readonly data: Splits;
  /** What computes them: another one rounds in another way. */
  readonly backend: string;
  readonly directory: string;
  /** Called where they are not there yet. */
  readonly openExtractor: () => Promise<FeatureExtractor>;
  readonly output: StageOutput;
  readonly stopRequested: StopRequested;
}

/** What programs read in place of images. */
export interface Features {
  readonly inputs: Readonly<Record<Split, Inputs>>;
  /** Images whose features were computed now; those of the others were there. */
  readonly computed: number;
  readonly count: number;
  /** On the disk. */
  readonly bytes: number;
  close(): Promise<void>;
}

/**
 * The features of all images of a run, each in a file of its split: those that are there and whole, and of the same weights,
 * layers, data and preprocessing, the others computed and written.
 * @throws Interrupted where the user asked to stop, UserError where they cannot be written or read
 */
export async function openFeatures(request: FeatureRequest): Promise<Features> {
  const { plan, data, directory } = request;
  const length = elements(plan.network.layers.at(-1)!.output);
  const files: FeatureFile[] = [];
  const close = async () => {
    for (const file of files.splice(0)) await file.close();
  };
  let extractor: FeatureExtractor | undefined;
  let computed = 0;
  let count = 0;
  const ofSplit = async (split: Split): Promise<Inputs> => {
    const source = data[split];
    const facts = { key: await keyOf(request, split), count: source.count, length };
    const path = join(directory, split);
    let file = await openFeatureFile(path, facts);
    if (file === null) {
      extractor ??= await request.openExtractor();
      await compute(request, extractor, source, path, facts);
      computed += source.count;
      file = await openFeatureFile(path, facts);
    }
    if (file === null) throw new Error(`${path}: expected the features that were just written`);
    files.push(file);
    count += source.count;
    return { count: source.count, labels: source.labels, read: file.read };
  };
  try {
    await makeDirectory(directory).catch((error) => {
      throw fileError('write', directory, error);
    });
    const inputs = {
      train: await ofSplit('train'),
      validation: await ofSplit('validation'),
      test: await ofSplit('test'),
    };
    return { inputs, computed, count, bytes: count * length * 4, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    extractor?.dispose();
  }
}

async function compute(
  { plan, output, stopRequested }: FeatureRequest,
  extractor: FeatureExtractor,
  source: Source,
  path: string,
  facts: FeatureFileFacts,
): Promise<void> {
  const start = performance.now();
  const batchSize = partSize(plan.config.training);
  async function* rows() {
    let done = 0;
    for await (const batch of streamBatches({
      source,
      order: firstIndices(source.count),
      batchSize,
      augment: [],
    })) {
      yield await extractor.extract(batch);
      done += batch.size;
      if (await stopRequested()) throw new Interrupted();
      output.progress({
        share: done / source.count,
        facts: [`features of ${done}/${counted(source.count, 'image')}`, rate(done, start)],
      });
    }
  }
  await writeFeatureFile(path, facts, rows());
}

/** SHA-256 of all that decides the features of a split. */
async function keyOf({ plan, weights, data, backend }: FeatureRequest, split: Split): Promise<Uint8Array> {
  const { config, dataset, network } = plan;
  const hash = createHash('sha256');
  const layers = network.layers.map(({ options }) => options);
  const { seed, input } = config;
  const facts = {
    version: await gnetVersion(),
    backend,
    split,
    seed,
    source: config.dataset,
    dataset,
    input,
    layers,
  };
  hash.update(canonicalJson(facts));
  // The order and choice of the images show in them.
  hash.update(bytesOf(data[split].labels));
  for (const [name, { shape, data: values }] of stateDict(network, weights)) {
    hash.update(canonicalJson({ name, shape }));
    hash.update(bytesOf(values));
  }
  return hash.digest();
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
