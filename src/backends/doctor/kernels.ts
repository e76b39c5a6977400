import { planFromResolved } from '../../config/load_plan.js';
import type { Plan } from '../../config/resolve.js';
import { withBalancedClasses } from '../../data/class_weights.js';
import { drawMasks } from '../../model/masks.js';
import { initialState } from '../../model/state.js';
import type { BackendName } from '../../registry/backends.js';
import type { Experiment } from '../../registry/experiment.js';
import { UntranslatedKernelError } from '../../tracing/kernels/kernel.js';
import { isEager, loadTfjs } from '../load_tfjs.js';
import { openProgram } from '../open_program.js';
import { stepKernels } from '../step_kernels.js';
import type { KernelCheck } from './protocol.js';

/**
 * Whether a backend has all that training and evaluating the model of a config needs. An eager backend is asked for each
 * TensorFlow.js kernel; a compiled one traces, opens and runs both graphs on black images.
 */
export async function checkKernels(
  backend: BackendName,
  threads: number,
  config: Experiment,
): Promise<KernelCheck> {
  const written = planFromResolved(config, 'the config');
  // The weights change no kernel: one image of each class stands for the training images.
  const plan = withBalancedClasses(written, Int32Array.from(written.dataset.classes.keys()));
  let needed: number | null = null;
  try {
    const names = await stepKernels(plan);
    needed = names.length;
    if (!isEager(backend)) await runStep(plan, backend, threads);
    else {
      const tf = await loadTfjs(backend, threads);
      return { needed, missing: names.filter((name) => !tf.getKernel(name, tf.getBackend())), problem: null };
    }
  } catch (error) {
    if (!isEager(backend) || !(error instanceof UntranslatedKernelError)) return refusal(needed, error);
    // What the tracer cannot follow, only a real step can tell.
    return runStep(plan, backend, threads).catch((refused: unknown) => refusal(null, refused));
  }
  return { needed, missing: [], problem: null };
}

/** Of one image alone, a batch norm may have no variance. */
const BATCH_SIZE = 2;

/** One training step and one evaluation of black images. */
async function runStep(plan: Plan, backend: BackendName, threads: number): Promise<KernelCheck> {
  const program = await openProgram(plan, backend, threads, initialState(plan));
  const { channels, height, width } = plan.dataset.image;
  const images = new Uint8Array(BATCH_SIZE * channels * height * width);
  const batch = { size: BATCH_SIZE, images, labels: new Int32Array(BATCH_SIZE) };
  try {
    await program.backward(batch, drawMasks(plan, 1, 0, BATCH_SIZE));
    await program.update({ step: 1, learningRate: 0 });
    await program.evaluate(batch);
    return { needed: null, missing: [], problem: null };
  } finally {
    program.dispose();
  }
}

/** How TensorFlow.js, the tracer and ONNX Runtime say that they lack a kernel. */
const LACKING = /Kernel '(\w+)' not registered|kernel (\w+) has no translation|find kernel for (\w+)/;

function refusal(needed: number | null, error: unknown): KernelCheck {
  const { message } = error as Error;
  const name = LACKING.exec(message)?.slice(1).find(Boolean);
  return { needed, missing: name ? [name] : [], problem: message };
}
