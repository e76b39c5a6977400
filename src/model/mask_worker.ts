import { type MessagePort, workerData } from 'node:worker_threads';
import type { Plan } from '../config/resolve.js';
import { drawMasks } from './masks.js';
import type { MaskAnswer, MaskRequest } from './masks_ahead.js';

/** The thread of MasksAhead: draws what it is asked for, in turn. */
const { plan, port } = workerData as { plan: Plan; port: MessagePort };

port.on('message', (request: MaskRequest) => {
  const masks = drawMasks(plan, request.epoch, request.first, request.size);
  const answer: MaskAnswer = { request, masks };
  // Moved, not copied; ONNX Runtime takes no memory that threads share.
  port.postMessage(
    answer,
    [...masks.values()].map(({ buffer }) => buffer),
  );
});
