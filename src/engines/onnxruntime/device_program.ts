import * as ort from 'onnxruntime-node';
import type { Plan } from '../../config/resolve.js';
import { parameterSpecs } from '../../model/parameters.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../../model/program.js';
import { copyState, type ModelState } from '../../model/state.js';
import { readMetrics, type StepMetrics } from '../../model/step.js';
import { optimizerEntry } from '../../registry/optimizers/index.js';
import type { NamedTensor } from '../../storage/safetensors.js';
import { deviceOperators } from '../../tracing/kernels/index.js';
import { ports, traceEvaluation, traceTraining } from '../../tracing/step_graphs.js';
import type { TracedGraph } from '../../tracing/trace_graph.js';
import type { View } from '../../tracing/view.js';
import { batchViews, maskViews, readEvaluation } from '../batch_views.js';
import { OpenedOnce } from '../opened_once.js';
import { compileDeviceTraining, compileTransfer, devicePorts, stateShapes } from './compile_device.js';
import { encodeModel } from './encode.js';
import { openSession } from './sessions.js';
import { tensorOf } from './tensors.js';

type Tensors = Readonly<Record<string, ort.Tensor>>;

type Location = 'cpu' | 'gpu-buffer';

export interface DeviceOptions {
  readonly executionProvider: ort.InferenceSession.ExecutionProviderConfig;
  /** Whether outputs can stay on the device and be fed again. */
  readonly keepsState: boolean;
  /** Threads of what the provider leaves to the CPU; 0 takes one for each core. */
  readonly threads: number;
}

/**
 * Runs the traced step with a GPU provider of ONNX Runtime, the optimizer's update inside the graph. Each step turns the
 * state into the next one; where the provider allows it, neither ever leaves the device.
 */
export class DeviceProgram implements Program {
  private readonly sessions = new OpenedOnce<ort.InferenceSession>();
  /** By the name of the graphs' input. Tensors in host memory are ours alone. */
  private tensors: Tensors;
  private ready: Promise<void> | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly options: DeviceOptions,
    state: ModelState,
  ) {
    this.tensors = hostTensors(state);
  }

  async prepare(batchSize: number): Promise<void> {
    await this.trainSession(batchSize);
  }

  async train(batch: HostBatch, masks: HostMasks, update: Update): Promise<StepMetrics> {
    const session = await this.trainSession(batch.size);
    await this.upload();
    const results = await session.run({
      ...this.tensors,
      ...tensors(batchViews(this.plan, batch)),
      ...tensors(maskViews(this.plan, batch, masks)),
      ...this.scalarFeeds(update),
    });
    this.replace(nextState(this.plan, results));
    return readMetrics(this.plan, results[ports.metrics]!.data as Float32Array);
  }

  async gradients(batch: HostBatch, masks: HostMasks): Promise<ReadonlyMap<string, NamedTensor>> {
    const compile = () => traceTraining(this.plan, batch.size, deviceOperators);
    const session = await this.session(`gradients:${batch.size}`, compile, 'cpu');
    await this.upload();
    const results = await session.run({
      ...this.parametersOf(session),
      ...tensors(batchViews(this.plan, batch)),
      ...tensors(maskViews(this.plan, batch, masks)),
    });
    return namedTensors(this.plan, (name) => results[ports.gradient(name)]!);
  }

  async evaluate(batch: HostBatch): Promise<Evaluation> {
    const compile = () => traceEvaluation(this.plan, batch.size, deviceOperators);
    const session = await this.session(`evaluate:${batch.size}`, compile, 'cpu');
    await this.upload();
    const results = await session.run({
      ...this.parametersOf(session),
      ...tensors(batchViews(this.plan, batch)),
    });
    return readEvaluation((name) => ({ type: 'float32', shape: [], data: results[name]!.data }) as View);
  }

  /** The part of the state that a graph reads. */
  private parametersOf(session: ort.InferenceSession): Tensors {
    return Object.fromEntries(
      session.inputNames.flatMap((input) => (this.tensors[input] ? [[input, this.tensors[input]]] : [])),
    );
  }

  async state(): Promise<ModelState> {
    return modelState(this.plan, this.options.keepsState ? await this.transfer('cpu') : this.tensors);
  }

  async load(state: ModelState): Promise<void> {
    this.replace(hostTensors(state));
    this.ready = undefined;
  }

  dispose(): void {
    // Before the sessions: their memory is that of a session.
    this.replace({});
    this.sessions.dispose();
  }

  private trainSession(batchSize: number): Promise<ort.InferenceSession> {
    const compile = () => compileDeviceTraining(this.plan, batchSize);
    const stateAt = this.options.keepsState ? 'gpu-buffer' : 'cpu';
    return this.session(`train:${batchSize}`, compile, stateAt);
  }

  /** Puts the state on the device, where it can stay there. */
  private async upload(): Promise<void> {
    if (!this.options.keepsState) return;
    this.ready ??= this.transfer('gpu-buffer').then((tensors) => this.replace(tensors));
    await this.ready;
  }

  /**
   * A copy of the state, made by a graph: the Node binding has no other way. (getData() of a tensor on the device ends
   * the process there: "not implemented" in js/node/src/tensor_helper.cc.)
   */
  private async transfer(to: Location): Promise<Tensors> {
    const compile = () => compileTransfer(this.plan);
    const session = await this.session(`to ${to}`, compile, to);
    return nextState(this.plan, await session.run(this.tensors));
  }

  /** @param stateAt where the outputs that belong to the state are wanted; all others come to the host */
  private session(
    name: string,
    compile: () => Promise<TracedGraph>,
    stateAt: Location,
  ): Promise<ort.InferenceSession> {
    return this.sessions.get(name, async () => {
      const { graph } = await compile();
      const outputs = [...stateShapes(this.plan).keys()].map((state) => [devicePorts.next(state), stateAt]);
      return openSession(encodeModel(graph), {
        executionProviders: [this.options.executionProvider],
        intraOpNumThreads: this.options.threads,
        ...(stateAt === 'gpu-buffer' && { preferredOutputLocation: Object.fromEntries(outputs) }),
      });
    });
  }

  private replace(tensors: Tensors): void {
    for (const tensor of Object.values(this.tensors)) if (tensor.location === 'gpu-buffer') tensor.dispose();
    this.tensors = tensors;
  }

  private scalarFeeds({ learningRate, step }: Update): Tensors {
    const { optimizer } = this.plan.config;
    const scalars = optimizerEntry(optimizer.type).scalars(optimizer, learningRate, step);
    return Object.fromEntries(
      Object.entries(scalars).map(([name, value]) => [
        devicePorts.scalar(name),
        new ort.Tensor('float32', [value], []),
      ]),
    );
  }
}

function tensors(views: Iterable<readonly [string, View]>): Tensors {
  return Object.fromEntries([...views].map(([name, view]) => [name, tensorOf(view)]));
}

function nextState(plan: Plan, results: Tensors): Tensors {
  return Object.fromEntries(
    [...stateShapes(plan).keys()].map((name) => [name, results[devicePorts.next(name)]!]),
  );
}

/** Copies in host memory. */
function hostTensors(state: ModelState): Tensors {
  const { parameters, slots } = copyState(state);
  const tensor = ({ shape, data }: NamedTensor) => new ort.Tensor('float32', data, shape);
  return Object.fromEntries([
    ...[...parameters].map(([name, value]) => [name, tensor(value)] as const),
    ...[...slots].flatMap(([slot, values]) =>
      [...values].map(([name, value]) => [devicePorts.slot(slot, name), tensor(value)] as const),
    ),
  ]);
}

function modelState(plan: Plan, tensors: Tensors): ModelState {
  const { optimizer } = plan.config;
  const slots = optimizerEntry(optimizer.type).slots(optimizer);
  return {
    parameters: namedTensors(plan, (name) => tensors[name]!),
    slots: new Map(
      slots.map((slot) => [slot, namedTensors(plan, (name) => tensors[devicePorts.slot(slot, name)]!)]),
    ),
  };
}

/** One tensor in host memory for each parameter. */
function namedTensors(plan: Plan, tensorOf: (parameter: string) => ort.Tensor): Map<string, NamedTensor> {
  return new Map(
    [...parameterSpecs(plan.network).keys()].map((name) => {
      const { dims, data } = tensorOf(name);
      return [name, { shape: dims, data: data as Float32Array }] as const;
    }),
  );
}
