import type { Plan } from '../../config/resolve.js';
import type { Clipping } from '../../model/clipping.js';
import {
  type Batch,
  type Evaluation,
  type Masks,
  type Part,
  type Program,
  type Update,
  type Weights,
  WHOLE,
} from '../../model/program.js';
import { copyState, type ModelState } from '../../model/state.js';
import { bufferSpecs, parameterSpecs, trainedSpecs } from '../../model/state_specs.js';
import { readMetrics, type StepMetrics } from '../../model/step.js';
import { type UpdateGroups, updateGroups, updateScalars } from '../../model/update_groups.js';
import { optimizerEntry } from '../../registry/optimizers/index.js';
import type { NamedTensor, StateTensor } from '../../storage/safetensors.js';
import { deviceOperators } from '../../tracing/kernels/index.js';
import { ports, traceEvaluation, traceTraining } from '../../tracing/step_graphs.js';
import type { TracedGraph } from '../../tracing/trace_graph.js';
import type { View } from '../../tracing/view.js';

import { BatchExecutables } from '../batch_executables.js';
import { batchViews, maskViews, padded, readEvaluation } from '../batch_views.js';
import { fromEngine } from '../engine_error.js';

import { OpenedOnce } from '../opened_once.js';
import { fromViews, stateViews } from '../state_views.js';
import {
  compileAddition,
  compileClipping,
  compileTransfer,
  compileUpdate,
  devicePorts,
  statePorts,
  updatedPorts,
} from './compile_device.js';
import { encodeModel } from './encode.js';
import * as ort from './onnxruntime.js';
import { openSession } from './sessions.js';
import { tensorOf } from './tensors.js';

type Tensors = Readonly<Record<string, ort.Tensor>>;

type Location = 'cpu' | 'gpu-buffer';

export interface DeviceOptions {
  readonly executionProvider: ort.InferenceSession.ExecutionProviderConfig;
  /** Threads of what the provider leaves to the CPU; 0 takes one for each core. */
  readonly threads: number;
}

/**
 * Runs the traced step with a GPU provider of ONNX Runtime whose outputs can stay on the device. The state lies there: a
 * step leaves gradients and the buffers' next values beside it, and the update, a graph of its own, makes the next state.
 */
export class DeviceProgram implements Program {
  private readonly sessions = new OpenedOnce<ort.InferenceSession>();
  private readonly evaluation = new BatchExecutables((size) =>
    this.open(() => traceEvaluation(this.plan, size, deviceOperators), []),
  );
  /** The state by the name of the graphs' input; in host memory, and ours alone, until it is first used. */
  private tensors: Tensors;
  /** What the last `backward` left: gradient.<parameter> and, until the update, next.<buffer>. */
  private computed: Tensors = {};
  private readonly groups: UpdateGroups;
  private ready: Promise<void> | undefined;
  private other: { readonly weights: Weights; readonly tensors: Tensors } | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly options: DeviceOptions,
    state: ModelState,
  ) {
    this.groups = updateGroups(plan);
    this.tensors = hostTensors(state);
  }

  async prepare(batchSize: number): Promise<void> {
    await this.trainSession(batchSize);
    await this.updateSession();
  }

  async backward(batch: Batch, masks: Masks, part = WHOLE): Promise<StepMetrics> {
    const session = await this.trainSession(batch.size);
    await this.upload();
    if (part.first) {
      // Before the step: two sets of gradients would take memory at once.
      release(this.computed);
      this.computed = {};
    }
    const before = this.computed;
    const buffers = [...bufferSpecs(this.plan.network).keys()];
    const results = await run(session, {
      ...read(session, this.tensors),
      ...(part.first ? {} : Object.fromEntries(buffers.map((name) => [name, before[ports.next(name)]!]))),
      ...tensors(batchViews(this.plan, batch)),
      ...tensors(maskViews(this.plan, batch, masks)),
    });
    const { [ports.metrics]: metrics, ...computed } = results;
    this.computed = computed;
    if (part.share !== 1 || !part.first) await this.addPart(part, before);
    release(before);
    return readMetrics(this.plan, metrics!.data as Float32Array);
  }

  async clip(clipping: Clipping): Promise<number> {
    const { kind, limit } = clipping;
    const compile = () => compileClipping(this.plan, clipping);
    const results = await this.run(`clip:${kind}:${limit}`, compile, this.nextGradients, {
      ...this.tensors,
      ...this.computed,
    });
    this.takeGradients(results);
    return (results[devicePorts.norm]!.data as Float32Array)[0]!;
  }

  async gradients(): Promise<ReadonlyMap<string, NamedTensor>> {
    const specs = [...trainedSpecs(this.plan)];
    const wanted = new Map(
      specs.map(([name, { shape }]) => [ports.gradient(name), { type: 'float32', shape } as const]),
    );
    const compile = () => compileTransfer(wanted);
    const names = [...wanted.keys()];
    const results = await this.run('gradients to the host', compile, [], this.computed);
    const found = hostViews(names, (name) => results[ports.next(name)]!);
    return new Map(specs.map(([name]) => [name, found.get(ports.gradient(name)) as NamedTensor]));
  }

  async update(update: Update): Promise<void> {
    const session = await this.updateSession();
    const results = await run(session, {
      ...read(session, this.tensors),
      ...read(session, this.computed),
      ...this.scalarFeeds(update),
    });
    const buffers = [...bufferSpecs(this.plan.network).keys()];
    const next = Object.fromEntries([
      ...[...updatedPorts(this.plan).keys()].map((name) => [name, results[ports.next(name)]!] as const),
      ...buffers.map((name) => [name, this.computed[ports.next(name)]!] as const),
    ]);
    for (const name of Object.keys(next)) this.tensors[name]!.dispose();
    this.tensors = { ...this.tensors, ...next };
    const gradients = [...trainedSpecs(this.plan).keys()].map(ports.gradient);
    this.computed = Object.fromEntries(gradients.map((name) => [name, this.computed[name]!]));
  }

  async evaluate(batch: Batch, weights?: Weights): Promise<Evaluation> {
    await this.upload();
    const model = weights ? await this.tensorsOf(weights) : this.tensors;
    const size = Math.max(batch.size, this.evaluation.largest);
    const inputs = tensors(batchViews(this.plan, padded(batch, size)));
    return this.evaluation.run(size, async (session) => {
      const results = await run(session, { ...read(session, model), ...inputs });
      return readEvaluation((name) => ({ data: results[name]!.data as View['data'] }), batch.size);
    });
  }

  async state(): Promise<ModelState> {
    await this.upload();
    const { network, config } = this.plan;
    const wanted = statePorts(this.plan);
    const results = await this.run('state to the host', () => compileTransfer(wanted), [], this.tensors);
    const found = hostViews([...wanted.keys()], (name) => results[ports.next(name)]!);
    const pick = (names: Iterable<string>, port = (name: string) => name) =>
      new Map([...names].map((name) => [name, found.get(port(name))!]));
    const slots = optimizerEntry(config.optimizer.type).slots(config.optimizer);
    return {
      parameters: pick(parameterSpecs(network).keys()) as Map<string, NamedTensor>,
      buffers: pick(bufferSpecs(network).keys()),
      slots: new Map(
        slots.map((slot) => {
          const ofSlot = pick(trainedSpecs(this.plan).keys(), (name) => devicePorts.slot(slot, name));
          return [slot, ofSlot as Map<string, NamedTensor>];
        }),
      ),
    };
  }

  dispose(): void {
    // Before the sessions: their memory is that of a session.
    for (const each of [this.tensors, this.computed, this.other?.tensors ?? {}]) release(each);
    this.sessions.dispose();
    this.evaluation.release();
  }

  /** Weighs the gradients of a part by its share, and adds those of the parts before it. */
  private async addPart({ first, share }: Part, before: Tensors): Promise<void> {
    const compile = () => compileAddition(this.plan, first);
    const earlier = Object.entries(before).map(([name, tensor]) => [devicePorts.before(name), tensor]);
    const results = await this.run(first ? 'first part' : 'further part', compile, this.nextGradients, {
      ...this.computed,
      ...Object.fromEntries(earlier),
      [devicePorts.share]: new ort.Tensor('float32', [share], []),
    });
    this.takeGradients(results);
  }

  private get nextGradients(): string[] {
    return [...trainedSpecs(this.plan).keys()].map((name) => ports.next(ports.gradient(name)));
  }

  /** Replaces the gradients by what a graph made of them. */
  private takeGradients(results: Tensors): void {
    const gradients = [...trainedSpecs(this.plan).keys()].map(ports.gradient);
    release(Object.fromEntries(gradients.map((name) => [name, this.computed[name]!])));
    const next = gradients.map((name) => [name, results[ports.next(name)]!] as const);
    this.computed = { ...this.computed, ...Object.fromEntries(next) };
  }

  private trainSession(batchSize: number): Promise<ort.InferenceSession> {
    const gradients = [...trainedSpecs(this.plan).keys()].map(ports.gradient);
    const buffers = [...bufferSpecs(this.plan.network).keys()].map(ports.next);
    const compile = () => traceTraining(this.plan, batchSize, deviceOperators);
    return this.session(`train:${batchSize}`, compile, [...gradients, ...buffers]);
  }

  private updateSession(): Promise<ort.InferenceSession> {
    const next = [...updatedPorts(this.plan).keys()].map(ports.next);
    return this.session('update', () => compileUpdate(this.plan), next);
  }

  /** Puts the state on the device, where it stays. */
  private async upload(): Promise<void> {
    this.ready ??= this.toDevice(statePortsOf(this.plan, this.tensors), this.tensors).then((uploaded) => {
      this.tensors = uploaded;
    });
    await this.ready;
  }

  /** Weights are put on the device once for all batches of an evaluation. */
  private async tensorsOf(weights: Weights): Promise<Tensors> {
    if (this.other?.weights !== weights) {
      const host = hostTensors({ ...weights, slots: new Map() });
      const uploaded = await this.toDevice(statePortsOf(this.plan, host), host);
      if (this.other) release(this.other.tensors);
      this.other = { weights, tensors: uploaded };
    }
    return this.other.tensors;
  }

  /**
   * A copy on the device, made by a graph: the Node binding has no other way. (getData() of a tensor on the device ends the
   * process there: "not implemented" in js/node/src/tensor_helper.cc.)
   */
  private async toDevice(wanted: ReturnType<typeof statePorts>, from: Tensors): Promise<Tensors> {
    const names = [...wanted.keys()];
    const compile = () => compileTransfer(wanted);
    const results = await this.run(`${names.length} to the device`, compile, names.map(ports.next), from);
    return Object.fromEntries(names.map((name) => [name, results[ports.next(name)]!]));
  }

  private async run(
    name: string,
    compile: () => Promise<TracedGraph>,
    onDevice: readonly string[],
    from: Tensors,
  ): Promise<Tensors> {
    const session = await this.session(name, compile, onDevice);
    return run(session, read(session, from));
  }

  /** @param onDevice outputs that stay on the device; all others come to the host */
  private session(
    name: string,
    compile: () => Promise<TracedGraph>,
    onDevice: readonly string[],
  ): Promise<ort.InferenceSession> {
    return this.sessions.get(name, () => this.open(compile, onDevice));
  }

  private async open(
    compile: () => Promise<TracedGraph>,
    onDevice: readonly string[],
  ): Promise<ort.InferenceSession> {
    const { graph } = await compile();
    const outputs = onDevice.map((output): [string, Location] => [output, 'gpu-buffer']);
    return openSession(encodeModel(graph), {
      executionProviders: [this.options.executionProvider],
      intraOpNumThreads: this.options.threads,
      ...(outputs.length > 0 && { preferredOutputLocation: Object.fromEntries(outputs) }),
    });
  }

  private scalarFeeds(update: Update): Tensors {
    const scalars = updateScalars(this.groups, update);
    return Object.fromEntries(
      scalars.flatMap((values, group) =>
        Object.entries(values).map(([name, value]) => [
          devicePorts.scalar(group, name),
          new ort.Tensor('float32', [value], []),
        ]),
      ),
    );
  }
}

/** @throws EngineError */
function run(session: ort.InferenceSession, feeds: Tensors): Promise<Tensors> {
  return fromEngine(() => session.run(feeds));
}

/** The tensors that a graph reads. */
function read(session: ort.InferenceSession, from: Tensors): Tensors {
  return Object.fromEntries(
    session.inputNames.flatMap((input) => (from[input] ? [[input, from[input]]] : [])),
  );
}

function release(each: Tensors): void {
  for (const tensor of Object.values(each)) if (tensor.location === 'gpu-buffer') tensor.dispose();
}

function tensors(views: Iterable<readonly [string, View]>): Tensors {
  return Object.fromEntries([...views].map(([name, view]) => [name, tensorOf(view)]));
}

/** Those of the plan's ports that are there: a program that only evaluates has no slots. */
function statePortsOf(plan: Plan, there: Tensors): ReturnType<typeof statePorts> {
  return new Map([...statePorts(plan)].filter(([name]) => name in there));
}

/** Copies in host memory. */
function hostTensors(state: ModelState): Tensors {
  const { parameters, buffers, slots } = copyState(state);
  return tensors([
    ...stateViews(parameters),
    ...stateViews(buffers),
    ...[...slots].flatMap(([slot, values]) =>
      [...stateViews(values)].map(([name, view]) => [devicePorts.slot(slot, name), view] as const),
    ),
  ]);
}

function hostViews(
  names: readonly string[],
  tensorNamed: (name: string) => ort.Tensor,
): Map<string, StateTensor> {
  return fromViews(
    new Map(
      names.map((name) => {
        const { type, dims, data } = tensorNamed(name);
        return [name, { type, shape: dims, data } as View];
      }),
    ),
  );
}
