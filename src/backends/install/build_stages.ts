import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bytes } from '../../terminal/format.js';
import type { Stage } from '../../terminal/screen.js';
import type { Progress, StageOutput } from '../../terminal/stage.js';
import { BUILD_FILES, type Build, type TensorflowName } from '../tensorflow_build.js';
import {
  addModules,
  checkBuild,
  checkWheel,
  cudaWheels,
  extractCuda,
  extractTensorflow,
  tensorflowWheel,
  writeManifest,
} from './build_tensorflow.js';
import { compileBinding } from './compile.js';
import { fetchPackages, PACKAGES } from './npm_packages.js';
import { downloadWheels } from './pip.js';
import { buildSize, placeBuild } from './place.js';
import { findTools, type Tools } from './tools.js';
import { withWheel } from './wheel.js';

export interface BuildRequest {
  readonly name: TensorflowName;
  /** A wheel of TensorFlow that is there already. */
  readonly wheel: string | undefined;
  /** An empty folder on the file system of the builds. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** What the stages hand on to each other. */
export interface BuildContext {
  tools: Partial<Tools>;
  wheel: string;
  /** Of TensorFlow. */
  readonly version: string;
  build?: Build;
}

/** Progress of something whose length nobody knows. */
const doing = (what: string): Progress => ({ share: null, facts: [what] });

/** The stages from nothing to a build in its place. */
export function buildStages({ name, wheel, scratch, signal }: BuildRequest): Stage<BuildContext>[] {
  const folder = (part: string) => join(scratch, part);
  const [build, headers, packages, downloads] = [
    folder('build'),
    folder('headers'),
    folder('packages'),
    folder('downloads'),
  ];
  const listening = (output: StageOutput) => ({
    signal,
    onLine: (line: string) => output.progress(doing(line.trim())),
  });
  return [
    {
      title: 'Tools',
      run: async (context) => {
        const needsPip = wheel === undefined || name === 'tensorflow-gpu';
        context.tools = await findTools(needsPip ? ['compiler', 'npm', 'python'] : ['compiler', 'npm']);
        return Object.values(context.tools).join(', ');
      },
    },
    {
      title: 'Sources',
      run: async ({ tools }) => {
        const wanted = Object.values(PACKAGES);
        await fetchPackages(wanted, tools.npm!, packages, { signal });
        await mkdir(build);
        await addModules(packages, build);
        return wanted.map((each) => `${each.name} ${each.version}`).join(', ');
      },
    },
    {
      title: 'TensorFlow',
      run: async (context, output) => {
        const { python } = context.tools;
        if (!wheel)
          [context.wheel = ''] = await downloadWheels([tensorflowWheel(name)], python!, downloads, {
            ...listening(output),
            replaceable: true,
          });
        output.progress(doing('unpacking'));
        await withWheel(context.wheel, async (opened) => {
          checkWheel(opened, name);
          await extractTensorflow(opened, build, headers, signal);
        });
        return basename(context.wheel);
      },
    },
    {
      title: 'CUDA',
      skip: () => (name === 'tensorflow' ? 'not for the CPU' : null),
      run: async ({ wheel: path, tools }, output) => {
        const required = await withWheel(path, (opened) => ({
          pinned: cudaWheels(opened),
          constraints: opened.requirementsOf('and-cuda'),
        }));
        const target = join(downloads, 'cuda');
        const wheels = await downloadWheels(required.pinned, tools.python!, target, {
          ...listening(output),
          constraints: required.constraints,
        });
        for (const each of wheels) {
          output.progress(doing(`unpacking ${basename(each)}`));
          await withWheel(each, (opened) => extractCuda(opened, build, signal));
        }
        return wheels.map((each) => basename(each).split('-').slice(0, 2).join(' ')).join(', ');
      },
    },
    {
      title: 'Compile',
      run: async ({ tools }, output) => {
        await compileBinding({
          compiler: tools.compiler!,
          sources: join(packages, PACKAGES.tfjsNode.name, 'binding'),
          includes: [
            join(packages, PACKAGES.nodeApiHeaders.name, 'include'),
            join(headers, 'tensorflow', 'include'),
          ],
          libraries: join(build, BUILD_FILES.libraries),
          output: join(build, BUILD_FILES.binding),
          ...listening(output),
        });
        return BUILD_FILES.binding;
      },
    },
    {
      title: 'Check',
      run: async () => {
        const { tensorflow, gpu } = await checkBuild(build, { signal });
        const onCpu = name === 'tensorflow' ? 'the CPU' : 'the CPU: it can use no GPU here';
        return `TensorFlow ${tensorflow} loads, and trains on ${gpu ? 'the GPU' : onCpu}`;
      },
    },
    {
      title: 'Install',
      run: async (context) => {
        const manifest = await writeManifest(build, context.version, signal);
        const directory = await placeBuild(name, build, context.version, scratch);
        context.build = { directory, manifest };
        return `${bytes(buildSize(manifest))} in ${directory}`;
      },
    },
  ];
}
