import { Interrupted } from '../../errors.js';
import { fileError } from '../../storage/file_error.js';
import { InterruptHandler } from '../../terminal/interrupt.js';
import { runStages } from '../../terminal/screen.js';
import { type Build, buildsDirectory, findBuilds, type TensorflowName } from '../tensorflow_build.js';
import { damagedFiles } from './build_files.js';
import { type BuildContext, buildStages } from './build_stages.js';
import { checkWheel, requirePlatform } from './build_tensorflow.js';
import { TENSORFLOW_VERSION } from './pinned_wheels.js';
import { buildSize, withScratch } from './place.js';
import { withWheel } from './wheel.js';

/** What `gnet backend install` was asked for. */
export interface InstallOptions {
  readonly name: TensorflowName;
  /** A wheel of TensorFlow that is there already. */
  readonly wheel: string | undefined;
}

export interface InstallResult {
  readonly backend: TensorflowName;
  readonly directory: string;
  readonly tensorflow: string;
  readonly bytes: number;
  /** False where it was there, complete and unchanged. */
  readonly built: boolean;
}

/**
 * Builds tfjs-node's binding against the TensorFlow of a wheel, in the cache of this user. Nothing is visible before
 * all of it is there; a build that is there, complete and unchanged is left as it is.
 * @throws UserError, Interrupted
 */
export async function installBackend({ name, wheel }: InstallOptions): Promise<InstallResult> {
  requirePlatform(name);
  const interrupt = new InterruptHandler();
  const { signal } = interrupt;
  try {
    const version = wheel === undefined ? TENSORFLOW_VERSION : await wheelVersion(wheel, name);
    const present = await intactBuild(name, version, signal);
    if (present) return resultOf(name, present, false);
    const build = await withScratch(async (scratch) => {
      const context: BuildContext = { tools: {}, wheel: wheel ?? '', version };
      await runStages(buildStages({ name, wheel, scratch, signal }), context);
      return context.build!;
    });
    return resultOf(name, build, true);
  } catch (error) {
    if (interrupt.requested) throw new Interrupted('interrupted; nothing was installed');
    throw fileError('write', buildsDirectory(), error);
  } finally {
    interrupt.dispose();
  }
}

const wheelVersion = (path: string, name: TensorflowName) =>
  withWheel(path, (wheel) => {
    checkWheel(wheel, name);
    return wheel.version;
  });

/** The build of a backend with this version of TensorFlow, if it is there and every checksum agrees. */
async function intactBuild(
  name: TensorflowName,
  version: string,
  signal: AbortSignal,
): Promise<Build | undefined> {
  let intact: Build | undefined;
  const run = async () => {
    const [present] = findBuilds(name);
    if (!present) return `none in ${buildsDirectory()}`;
    const { directory, manifest } = present;
    if (manifest.tensorflow !== version)
      return `TensorFlow ${manifest.tensorflow}, which ${version} will replace`;
    const damaged = await damagedFiles(present, signal);
    if (damaged.length > 0) return `damaged, and will be replaced (${damaged.join(', ')})`;
    intact = present;
    return `TensorFlow ${version}, every checksum agrees; nothing is left to do (${directory})`;
  };
  await runStages([{ title: 'Present build', run }], {});
  return intact;
}

function resultOf(backend: TensorflowName, { directory, manifest }: Build, built: boolean): InstallResult {
  return { backend, directory, tensorflow: manifest.tensorflow, bytes: buildSize(manifest), built };
}
