import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BUILD_FILES, buildName, type TensorflowName } from '../../src/backends/tensorflow_build.js';

/**
 * A folder for XDG_CACHE_HOME with a build of each TensorFlow. They compute as TensorFlow.js does in plain JavaScript, but
 * for the GPU's matrix products, which are 1e-5 too large; padded convolutions and pooling are not there.
 */
export function fakeTensorflows(cache: string): string {
  writeBuild(cache, 'tensorflow', 1);
  writeBuild(cache, 'tensorflow-gpu', 1 + 1e-5);
  return cache;
}

function writeBuild(cache: string, name: TensorflowName, factor: number): void {
  const version = '2.21.0';
  const directory = join(cache, 'gnet/backends', buildName(name, version));
  const write = (path: string, text: string) => {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const resolve = (module: string) => JSON.stringify(createRequire(import.meta.url).resolve(module));
  // Node.js takes a folder for a module, also where a library would be.
  write(`${BUILD_FILES.binding}/index.js`, `module.exports = { TF_Version: '${version}' };`);
  write(
    `${BUILD_FILES.package}/dist/register_all_kernels.js`,
    `const tf = require(${resolve('@tensorflow/tfjs')});
     for (const kernel of tf.getKernelsForBackend('cpu')) {
       const kernelFunc = (given) => {
         const result = kernel.kernelFunc(given);
         if (kernel.kernelName === 'BatchMatMul') {
           const { values } = given.backend.data.get(result.dataId);
           for (let i = 0; i < values.length; i++) values[i] *= ${factor};
         }
         return result;
       };
       tf.registerKernel({ ...kernel, backendName: 'tensorflow', kernelFunc });
     }`,
  );
  write(
    `${BUILD_FILES.package}/dist/nodejs_kernel_backend.js`,
    `const { MathBackendCPU } = require(${resolve('@tensorflow/tfjs-backend-cpu')});
     exports.NodeJSKernelBackend = class extends MathBackendCPU {
       constructor(binding) {
         super();
         this.binding = binding;
         this.isUsingGpuDevice = ${name === 'tensorflow-gpu'};
       }
     };`,
  );
  write(BUILD_FILES.manifest, JSON.stringify({ tensorflow: version, created_at: '', files: {} }));
}
