import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Interrupted, UserError } from '../errors.js';
import {
  describeWeights,
  type OpenedCheckpoint,
  openCheckpoint,
  type WeightsChoice,
} from '../inference/open_checkpoint.js';
import { writeNewOutput } from '../storage/new_output.js';
import { bytes } from '../terminal/format.js';
import { InterruptHandler } from '../terminal/interrupt.js';
import { runStages } from '../terminal/screen.js';
import { defaultOutput, type ExportFormat, type ExportFormatName, exportFormats } from './formats.js';
import { exportMetadata } from './metadata.js';

/** What `gnet export` was asked for. */
export interface ExportOptions {
  /** A run directory (its best checkpoint) or a checkpoint directory. */
  readonly source: string;
  readonly format: ExportFormatName;
  /** A new file, or a directory; a run has a place of its own for it. */
  readonly output: string | undefined;
  /** The average where there is one, if not given. */
  readonly weights?: WeightsChoice | undefined;
  /** Whether an earlier export may be replaced. */
  readonly force: boolean;
}

export interface ExportResult {
  readonly checkpoint: string;
  readonly step: number;
  /** Where the checkpoint has an average: whether it was written. */
  readonly weights?: WeightsChoice;
  readonly format: ExportFormatName;
  readonly output: string;
  readonly bytes: number;
  /** What was compared after writing, and how close it is. */
  readonly verified: string;
  readonly usage: string;
}

/** Writes a trained model in another format, reads it back, compares it with the model, and only then names it. */
export async function exportCheckpoint(options: ExportOptions): Promise<ExportResult> {
  const format: ExportFormat = exportFormats[options.format];
  const model = await openCheckpoint(options.source, undefined, options.weights);
  const path = await outputPath(options, format, model);
  const interrupt = new InterruptHandler();
  try {
    // A key of the metadata that every exported file carries.
    const output = { path, files: format.files, mark: 'config_sha256', force: options.force };
    const written = await writeNewOutput(output, (temporary) =>
      writeAndVerify(format, model, temporary, interrupt),
    );
    const { directory: checkpoint, step, weights } = model;
    return {
      checkpoint,
      step,
      ...(weights && { weights }),
      format: options.format,
      output: path,
      ...written,
      usage: format.usage(model, path),
    };
  } finally {
    interrupt.dispose();
  }
}

async function writeAndVerify(
  format: ExportFormat,
  model: OpenedCheckpoint,
  path: string,
  interrupt: InterruptHandler,
): Promise<{ bytes: number; verified: string }> {
  const result = { bytes: 0, verified: '' };
  const stopWhereAsked = async () => {
    if (await interrupt.stopRequested()) throw new Interrupted();
  };
  await runStages(
    [
      {
        title: 'Export',
        run: async (context) => {
          await format.write(model, await exportMetadata(model), path);
          context.bytes = await sizeOf(path, format);
          await stopWhereAsked();
          return `${model.directory}, step ${model.step}${describeWeights(model.weights)}: ${bytes(context.bytes)}`;
        },
      },
      {
        title: 'Verify',
        run: async (context) => {
          context.verified = await format.verify(model, path);
          await stopWhereAsked();
          return context.verified;
        },
      },
    ],
    result,
  );
  return result;
}

async function outputPath(
  { source, output }: ExportOptions,
  format: ExportFormat,
  { directory }: OpenedCheckpoint,
): Promise<string> {
  if (output === undefined) {
    if (directory !== source) return defaultOutput(source, format);
    throw new UserError(`--output: expected a path, as ${source} is a checkpoint and no run`, {
      hint: `Add --output DIR for DIR/${format.name}; a run keeps its exports in ${defaultOutput('RUN', format)}.`,
      exitCode: 2,
    });
  }
  if (format.files !== null) return output;
  const isDirectory = await stat(output).then(
    (status) => status.isDirectory(),
    () => false, // writing will tell what is wrong with it
  );
  return isDirectory || output.endsWith('/') ? join(output, format.name) : output;
}

async function sizeOf(path: string, { files }: ExportFormat): Promise<number> {
  const paths = files === null ? [path] : (await readdir(path)).map((name) => join(path, name));
  const sizes = await Promise.all(paths.map(async (each) => (await stat(each)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
