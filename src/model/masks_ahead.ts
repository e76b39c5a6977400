import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { partSize } from '../config/part_size.js';
import type { Plan } from '../config/resolve.js';
import { elements } from '../shape.js';
import { type DrawnMasks, drawMasks } from './masks.js';
import type { Masks } from './program.js';
import { maskShapes } from './state_specs.js';

/** Whose masks they are: those of `size` images from position `first` of an epoch. */
export interface MaskRequest {
  readonly epoch: number;
  readonly first: number;
  readonly size: number;
}

/** What the worker answers. */
export interface MaskAnswer {
  readonly request: MaskRequest;
  readonly masks: DrawnMasks;
}

/** Steps that are drawn ahead: one to be taken next, one to go on with meanwhile. */
const AHEAD = 2;

/**
 * Elements of a step's masks from which a thread of their own pays. To ask it and to take what it drew costs the training
 * loop about 0.1 ms, as much as drawing some 5,000 elements in place; below a few times that, nothing is won.
 */
const WORTH_A_THREAD = 16_384;

const WORKER = new URL('../../dist/model/mask_worker.js', import.meta.url);

/**
 * The masks of training's steps, off their path: a thread draws those of the next steps while this one is in a step. What
 * it has not drawn in time is drawn in place, to the same bits: masks depend on nothing but what is asked for.
 */
export class MasksAhead {
  private readonly worker: Worker | undefined;
  private readonly port: MessagePort | undefined;
  private readonly ready = new Map<string, Masks>();
  /** What the worker has been asked for and has not answered. */
  private readonly asked = new Set<string>();
  private failure: Error | undefined;

  /** @param worker the script of the thread, for tests */
  constructor(
    private readonly plan: Plan,
    worker = WORKER,
  ) {
    const shapes = maskShapes(plan.network, partSize(plan.config.training));
    const size = [...shapes.values()].reduce((sum, shape) => sum + elements(shape), 0);
    if (size < WORTH_A_THREAD) return;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.worker = new Worker(worker, {
      workerData: { plan, port: port2 },
      transferList: [port2],
      // Options that this process was started with are about its own script.
      execArgv: [],
    });
    this.worker.on('error', (error: Error) => {
      this.failure ??= error;
    });
    // Neither keeps a process alive that has nothing else to do.
    this.worker.unref();
    port1.unref();
  }

  /** The masks of a step; those of the steps that follow it are drawn from now on. @throws what the thread failed with */
  take(request: MaskRequest): Masks {
    const { epoch, first, size } = request;
    if (!this.port) return drawMasks(this.plan, epoch, first, size);
    if (this.failure) throw this.failure;
    this.receive(this.port);
    const drawn = this.ready.get(keyOf(request));
    this.ask(this.port, request);
    return drawn ?? drawMasks(this.plan, epoch, first, size);
  }

  /** Ends the thread. */
  async dispose(): Promise<void> {
    this.port?.close();
    await this.worker?.terminate();
  }

  /** Takes what the thread has drawn, without a turn of the event loop, which a step of native code does not leave. */
  private receive(port: MessagePort): void {
    for (let got = receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
      const { request, masks } = got.message as MaskAnswer;
      this.asked.delete(keyOf(request));
      this.ready.set(keyOf(request), masks);
    }
  }

  /** Asks for the steps after `request`, and forgets everything before them. */
  private ask(port: MessagePort, request: MaskRequest): void {
    const wanted = this.following(request);
    const keys = new Set(wanted.map(keyOf));
    for (const key of this.ready.keys()) if (!keys.has(key)) this.ready.delete(key);
    for (const next of wanted) {
      const key = keyOf(next);
      // A thread that is late is not asked for more: it would fall behind ever further.
      if (this.ready.has(key) || this.asked.has(key) || this.asked.size === AHEAD) continue;
      this.asked.add(key);
      port.postMessage(next);
    }
  }

  /** The next steps of the run, the last batch of an epoch and the first one of the next among them. */
  private following(request: MaskRequest): MaskRequest[] {
    const { training } = this.plan.config;
    const { epochs } = training;
    const most = partSize(training);
    const { train: count } = this.plan.dataset.count;
    const steps: MaskRequest[] = [];
    let { epoch, first } = request;
    for (let ahead = 0; ahead < AHEAD; ahead++) {
      first += most;
      if (first >= count) [epoch, first] = [epoch + 1, 0];
      if (epoch > epochs) break;
      steps.push({ epoch, first, size: Math.min(most, count - first) });
    }
    return steps;
  }
}

function keyOf({ epoch, first, size }: MaskRequest): string {
  return `${epoch}:${first}:${size}`;
}
