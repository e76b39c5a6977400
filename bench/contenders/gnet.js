// @ts-check
// gnet's training step or evaluation: node bench/contenders/gnet.js CONFIG BATCH BACKEND THREADS train|evaluate

import { openProgram } from '../../dist/backends/open_program.js';
import { loadPlan } from '../../dist/config/load_plan.js';
import { drawMasks } from '../../dist/model/masks.js';
import { initialState } from '../../dist/model/state.js';
import { serve } from './protocol.js';

const [config = '', batchText = '', backend = '', threads = '', mode = 'train'] = process.argv.slice(2);
const size = Number(batchText);
const { plan } = await loadPlan(config, [`training.batch_size=${size}`]);
const { channels, height, width } = plan.dataset.image;
const batch = {
  size,
  images: Uint8Array.from(
    { length: size * channels * height * width },
    (_, i) => (i * 7919 + ((i * i) % 251)) % 256,
  ),
  labels: Int32Array.from({ length: size }, (_, i) => i % plan.dataset.classes.length),
};
const name = /** @type {import('../../dist/registry/backends.js').BackendName} */ (backend);
const program = await openProgram(plan, name, Number(threads), initialState(plan));
const masks = drawMasks(plan, 1, 0, size);
let step = 0;
const train = async () => {
  await program.backward(batch, masks);
  await program.update({ step: ++step, learningRate: plan.config.optimizer.learning_rate });
};
await serve(() => (mode === 'train' ? train() : program.evaluate(batch)), { macs: plan.macs });
