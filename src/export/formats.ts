import { join } from 'node:path';
import { UserError } from '../errors.js';
import type { OpenedCheckpoint } from '../inference/open_checkpoint.js';
import { stateDict } from '../model/state.js';
import { writeNewFile } from '../storage/atomic.js';
import { encodeSafetensors, readSafetensors, type StateTensor } from '../storage/safetensors.js';
import type { ExportMetadata } from './metadata.js';
import { verifyExport } from './verify.js';

/** A form in which other programs can use a trained model. */
export interface ExportFormat {
  /** Name of the file, or of the directory, that it is exported to. */
  readonly name: string;
  /** The files in it, where it is a directory. */
  readonly files: RegExp | null;
  /** Writes it to a path that is free, or into a directory that is empty. */
  write(model: OpenedCheckpoint, metadata: ExportMetadata, path: string): Promise<void>;
  /** Reads what was written, as its users will. @returns what was checked @throws UserError where it is not the model */
  verify(model: OpenedCheckpoint, path: string): Promise<string>;
  /** How to use it, in a sentence. */
  usage(model: OpenedCheckpoint, path: string): string;
}

const OUTPUTS = 'pixel values 0…255; outputs logits and probabilities: float32 [batch, classes]';

const onnx: ExportFormat = {
  name: 'model.onnx',
  files: null,
  write: async ({ plan, state }, { gnet_version, ...metadata }, path) => {
    const { exportOnnx } = await import('./onnx.js');
    await writeNewFile(path, await exportOnnx(plan, state, { version: gnet_version, metadata }));
  },
  verify: async (model, path) => {
    const { openOnnx } = await import('./onnx.js');
    return `ONNX Runtime: ${await verifyExport(model, await openOnnx(path, model.plan), 'wasm')}`;
  },
  usage: ({ plan: { dataset } }) => {
    const { channels, height, width } = dataset.image;
    return `input images: uint8 [batch, ${channels}, ${height}, ${width}], ${OUTPUTS}`;
  },
};

const safetensors: ExportFormat = {
  name: 'model.safetensors',
  files: null,
  write: ({ plan, state }, metadata, path) =>
    // 'pt' is what loaders for PyTorch look for; names and layouts are PyTorch's.
    writeNewFile(path, encodeSafetensors(stateDict(plan.network, state), { format: 'pt', ...metadata })),
  verify: async ({ plan, state }, path) => {
    const { tensors } = await readSafetensors(path);
    const written = stateDict(plan.network, state);
    for (const [name, { data }] of written) {
      const bytes = (values: StateTensor['data']) =>
        Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      const read = tensors.get(name);
      if (!read || !bytes(read.data).equals(bytes(data))) {
        throw new UserError(`export: ${name} reads back differently`, {
          hint: 'Nothing was written. Check the disk.',
        });
      }
    }
    return `${written.size} tensors read back to the bit`;
  },
  usage: (_, path) =>
    `in PyTorch: model.load_state_dict(safetensors.torch.load_file(${JSON.stringify(path)}))`,
};

const tfjs: ExportFormat = {
  name: 'tfjs',
  files: /^(model\.json|group1-shard\d+of\d+\.bin)$/,
  write: async ({ plan, state }, metadata, path) => {
    const { exportGraphModel } = await import('./tfjs.js');
    const { writeGraphModel } = await import('./graph_model_files.js');
    await writeGraphModel(path, await exportGraphModel(plan, state), {
      generatedBy: `gnet ${metadata.gnet_version}`,
      userDefinedMetadata: metadata,
    });
  },
  verify: async (model, path) => {
    const { openGraphModel } = await import('./tfjs.js');
    const exported = await openGraphModel(path, model.plan);
    return `TensorFlow.js: ${await verifyExport(model, exported, 'onnxruntime-cpu')}`;
  },
  usage: ({ plan: { dataset } }) => {
    const { channels, height, width } = dataset.image;
    return `tf.loadGraphModel('…/model.json'): input images: int32 [batch, ${height}, ${width}, ${channels}], ${OUTPUTS}`;
  },
};

const web: ExportFormat = {
  name: 'model.html',
  files: null,
  write: async (model, metadata, path) => {
    const { writeWebPage } = await import('./web.js');
    await writeWebPage(model, metadata, path);
  },
  verify: async (model, path) => {
    const { loadGraphModel } = await import('./tfjs.js');
    const { webPageLoader } = await import('./web.js');
    const exported = await loadGraphModel(await webPageLoader(path), model.plan);
    return `TensorFlow.js: ${await verifyExport(model, exported, 'onnxruntime-cpu')}`;
  },
  usage: () =>
    'one file for any browser, from disk or a server: it asks for an image or the camera, and sends nothing',
};

export const exportFormats = { onnx, safetensors, tfjs, web } satisfies Record<string, ExportFormat>;

export type ExportFormatName = keyof typeof exportFormats;

/** Where an export of a run goes that names no place. */
export function defaultOutput(run: string, format: ExportFormat): string {
  return join(run, 'export', format.name);
}
