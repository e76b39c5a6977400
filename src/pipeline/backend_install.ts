import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeAbandoned, scratchPath } from '../data/scratch.js';
import { Interrupted } from '../errors.js';
import { damagedFiles } from '../install/build_files.js';
import {
  addModules,
  checkBuild,
  checkWheel,
  extractCuda,
  extractTensorflow,
  requirementOf,
  requirePlatform,
  TENSORFLOW_VERSION,
  writeManifest,
} from '../install/build_tensorflow.js';
import { compileBinding } from '../install/compile.js';
import { fetchPackages, PACKAGES } from '../install/npm_packages.js';
import { downloadWheels } from '../install/pip.js';
import { findTools, type Tools } from '../install/tools.js';
import { openWheel } from '../install/wheel.js';
import {
  BUILD_FILES,
  type Build,
  type BuildManifest,
  buildName,
  buildsDirectory,
  findBuilds,
  type TensorflowName,
} from '../registry/backends/tensorflow_build.js';
import { fsyncDirectory } from '../storage/atomic.js';
import { fileError } from '../storage/file_error.js';
import { bytes } from './format.js';
import { InterruptHandler } from './interrupt.js';
import { runStages, type Stage } from './screen.js';

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

/** What the stages hand on to each other. */
interface Context {
  existing: Build | null;
  tools: Partial<Tools>;
  wheel: string;
  version: string;
  manifest?: BuildManifest;
  directory: string;
}

const scratchBase = () => join(buildsDirectory(), '.install');

/**
 * Builds tfjs-node's binding against the TensorFlow of a wheel, in the cache of this user. Nothing is visible before
 * all of it is there; a build that is there, complete and unchanged is left as it is.
 * @throws UserError, Interrupted
 */
export async function installBackend({ name, wheel }: InstallOptions): Promise<InstallResult> {
  requirePlatform(name);
  const scratch = scratchPath(scratchBase());
  const interrupt = new InterruptHandler();
  const context: Context = { existing: null, tools: {}, wheel: wheel ?? '', version: '', directory: '' };
  try {
    await removeAbandoned(scratchBase());
    await mkdir(join(scratch, 'build'), { recursive: true });
    await runStages(stages(name, wheel, scratch, interrupt.signal), context);
    const { directory, manifest } = context.existing ?? {
      directory: context.directory,
      manifest: context.manifest!,
    };
    return {
      backend: name,
      directory,
      tensorflow: manifest.tensorflow,
      bytes: size(manifest),
      built: context.existing === null,
    };
  } catch (error) {
    if (interrupt.requested) throw new Interrupted('interrupted; nothing was installed');
    throw fileError('write', buildsDirectory(), error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    interrupt.dispose();
  }
}

function stages(
  name: TensorflowName,
  wheel: string | undefined,
  scratch: string,
  signal: AbortSignal,
): Stage<Context>[] {
  const [build, headers, packages, downloads] = ['build', 'headers', 'packages', 'downloads'].map((folder) =>
    join(scratch, folder),
  ) as [string, string, string, string];
  const libraries = join(build, BUILD_FILES.libraries);
  const isThere = ({ existing }: Context) => (existing ? 'it is installed' : null);
  return [
    {
      title: 'Present build',
      run: async (stage) => {
        stage.version = wheel ? await wheelVersion(wheel, name) : TENSORFLOW_VERSION;
        const [present] = findBuilds(name);
        if (!present) return `none in ${buildsDirectory()}`;
        if (present.manifest.tensorflow !== stage.version)
          return `TensorFlow ${present.manifest.tensorflow}: ${stage.version} takes its place`;
        const damaged = await damagedFiles(present, signal);
        if (damaged.length > 0) return `damaged (${damaged[0]}): it is built anew`;
        stage.existing = present;
        return `TensorFlow ${stage.version}, every checksum agrees: ${present.directory}`;
      },
    },
    {
      title: 'Tools',
      skip: isThere,
      run: async (stage) => {
        const needsPip = wheel === undefined || name === 'tensorflow-gpu';
        stage.tools = await findTools(needsPip ? ['compiler', 'npm', 'python'] : ['compiler', 'npm']);
        return Object.values(stage.tools).join(', ');
      },
    },
    {
      title: 'Sources',
      skip: isThere,
      run: async ({ tools }) => {
        const wanted = Object.values(PACKAGES);
        await fetchPackages(wanted, tools.npm!, packages, { signal });
        await addModules(packages, build);
        return wanted.map((each) => `${each.name} ${each.version}`).join(', ');
      },
    },
    {
      title: 'TensorFlow',
      skip: isThere,
      run: async (stage, output) => {
        if (!wheel) {
          const options = { signal, onLine: (line: string) => output.progress(line.trim()) };
          [stage.wheel = ''] = await downloadWheels(
            [requirementOf(name)],
            stage.tools.python!,
            downloads,
            options,
          );
        }
        output.progress('unpacking');
        const opened = await openWheel(stage.wheel);
        try {
          checkWheel(opened, name);
          await extractTensorflow(opened, build, headers, signal);
          return basename(stage.wheel);
        } finally {
          opened.close();
        }
      },
    },
    {
      title: 'CUDA',
      skip: (stage) => isThere(stage) ?? (name === 'tensorflow' ? 'not for the CPU' : null),
      run: async (stage, output) => {
        const opened = await openWheel(stage.wheel);
        const requirements = opened.requirementsOf('and-cuda');
        opened.close();
        const options = { signal, onLine: (line: string) => output.progress(line.trim()) };
        const wheels = await downloadWheels(
          requirements,
          stage.tools.python!,
          join(downloads, 'cuda'),
          options,
        );
        for (const path of wheels) {
          output.progress(`unpacking ${basename(path)}`);
          const library = await openWheel(path);
          try {
            await extractCuda(library, build, signal);
          } finally {
            library.close();
          }
        }
        return `${wheels.length} wheels`;
      },
    },
    {
      title: 'Compile',
      skip: isThere,
      run: async ({ tools }, output) => {
        await compileBinding({
          compiler: tools.compiler!,
          sources: join(packages, PACKAGES.tfjsNode.name, 'binding'),
          includes: [
            join(packages, PACKAGES.nodeApiHeaders.name, 'include'),
            join(headers, 'tensorflow', 'include'),
          ],
          libraries,
          output: join(build, BUILD_FILES.binding),
          signal,
          onLine: output.progress,
        });
        return undefined;
      },
    },
    {
      title: 'Check',
      skip: isThere,
      run: async () => {
        const { tensorflow, gpu } = await checkBuild(build, { signal });
        const device =
          name === 'tensorflow' ? '' : gpu ? ' on the GPU' : '; no GPU can be used here, so on the CPU';
        return `TensorFlow ${tensorflow} loads and trains${device}`;
      },
    },
    {
      title: 'Install',
      skip: isThere,
      run: async (stage) => {
        stage.manifest = await writeManifest(build, stage.version, signal);
        stage.directory = join(buildsDirectory(), buildName(name, stage.version));
        await replaceBuilds(name, build, stage.directory, scratch);
        return `${bytes(size(stage.manifest))} in ${stage.directory}`;
      },
    },
  ];
}

async function wheelVersion(path: string, name: TensorflowName): Promise<string> {
  const wheel = await openWheel(path);
  try {
    checkWheel(wheel, name);
    return wheel.version;
  } finally {
    wheel.close();
  }
}

/** Puts the build in place and takes away the backend's others, the damaged ones too. */
async function replaceBuilds(name: TensorflowName, build: string, directory: string, scratch: string) {
  const others = new Set([directory, ...findBuilds(name).map((each) => each.directory)]);
  const [first, ...rest] = [...others];
  await setAside(first!, scratch);
  await rename(build, directory);
  await fsyncDirectory(buildsDirectory());
  for (const other of rest) await setAside(other, scratch);
}

/** Moves a directory into the scratch, which is removed: at no time half of it is where it was. */
async function setAside(directory: string, scratch: string): Promise<void> {
  await mkdir(scratch, { recursive: true });
  await rename(directory, join(scratch, `old-${basename(directory)}`)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    },
  );
}

/** What `gnet backend remove` took away. */
export interface RemoveResult {
  readonly backend: TensorflowName;
  readonly directories: readonly string[];
  readonly bytes: number;
}

/** Removes what gnet built of a backend for this user. @throws UserError */
export async function removeBackend(name: TensorflowName): Promise<RemoveResult> {
  const builds = findBuilds(name);
  const scratch = scratchPath(scratchBase());
  try {
    await removeAbandoned(scratchBase());
    for (const { directory } of builds) await setAside(directory, scratch);
    await rm(scratch, { recursive: true, force: true });
  } catch (error) {
    throw fileError('remove', buildsDirectory(), error);
  }
  return {
    backend: name,
    directories: builds.map(({ directory }) => directory),
    bytes: builds.reduce((sum, { manifest }) => sum + size(manifest), 0),
  };
}

const size = ({ files }: BuildManifest) => Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
