import type { Plan } from '../../config/resolve.js';
import { type BackendName, backendNames, backends } from '../../registry/backends.js';
import type { StageOutput } from '../../terminal/stage.js';
import { chooseBackend } from '../choose.js';
import { diagnose } from '../diagnose.js';
import type { Diagnosis } from '../diagnosis.js';
import { reinstallCommand } from '../tensorflow.js';
import { examineMachine, type Machine } from './machine.js';
import { type CpuNodes, nodesOnCpu } from './placement.js';
import { probe } from './probe.js';
import type { KernelCheck, ProbeReport, ProbeResult } from './protocol.js';

/** What was found out about one backend. */
export interface ExaminedBackend {
  readonly name: BackendName;
  readonly description: string;
  readonly usable: boolean;
  /** Null, as are threads and memory, where it is not usable. */
  readonly device: string | null;
  readonly threads: number | null;
  /** What its device has for everything that runs there. */
  readonly memory_bytes: number | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly problem: Diagnosis | null;
  /** With a config: whether it has all that the model's training and evaluation need. */
  readonly kernels: (KernelCheck & { readonly on_cpu: CpuNodes }) | null;
}

interface Choice {
  readonly backend: BackendName;
  readonly reason: string;
}

export interface DoctorReport {
  readonly machine: Machine;
  readonly backends: readonly ExaminedBackend[];
  /** What `backend: auto` takes here. */
  readonly auto: Choice;
  /** What a run of the config takes. */
  readonly config: (Choice & { readonly file: string }) | null;
  /** Whether what a run takes is usable and, with a config, has all kernels. */
  readonly ok: boolean;
}

/** A config that is to be tried. */
export interface DoctorConfig {
  readonly file: string;
  readonly plan: Plan;
}

/**
 * Tries each backend in a process of its own, one after the other: two that share a GPU would take its memory from each
 * other.
 */
export async function examine(
  config: DoctorConfig | null,
  output: Pick<StageOutput, 'progress'>,
  parts = { examineMachine, probe },
): Promise<DoctorReport> {
  const machine = await parts.examineMachine();
  const examined: ExaminedBackend[] = [];
  for (const [index, name] of backendNames.entries()) {
    output.progress({ share: index / backendNames.length, facts: [name] });
    const request = { backend: name, threads: machine.threads, config: config?.plan.config ?? null };
    examined.push(describeBackend(name, await parts.probe(request), machine));
  }
  const problemOf = async (name: BackendName) =>
    examined.find((each) => each.name === name)!.problem?.cause ?? null;
  const choose = async (wanted: BackendName | 'auto'): Promise<Choice> => {
    const { name, reason } = await chooseBackend(wanted, problemOf);
    return { backend: name, reason: reason.replace(/^auto: /, '') };
  };
  const auto = await choose('auto');
  const run = config && { file: config.file, ...(await choose(config.plan.config.backend)) };
  const taken = examined.find(({ name }) => name === (run ?? auto).backend)!;
  return { machine, backends: examined, auto, config: run, ok: taken.usable && hasKernels(taken) };
}

/** Whether nothing that a config needs is known to be missing. */
export function hasKernels({ kernels }: ExaminedBackend): boolean {
  return kernels === null || (kernels.missing.length === 0 && kernels.problem === null);
}

function describeBackend(name: BackendName, result: ProbeResult, machine: Machine): ExaminedBackend {
  const { description } = backends[name];
  if ('failure' in result) {
    const problem = diagnose(result.failure, { system: machine, reinstall: reinstallCommand(name) });
    const nothing = { device: null, threads: null, memory_bytes: null, versions: {}, kernels: null };
    return { name, description, usable: false, problem, ...nothing };
  }
  const { device, threads, versions, kernels } = result.report;
  return {
    ...{ name, description, usable: true, problem: null, threads, versions },
    ...deviceFacts(name, device, machine),
    kernels: kernels && { ...kernels, on_cpu: nodesOnCpu(result.stderr) },
  };
}

/** The device by name, and its memory. */
function deviceFacts(
  name: BackendName,
  device: ProbeReport['device'],
  { cpu, memory_bytes, memory_limit_bytes, gpus, vulkan }: Machine,
): Pick<ExaminedBackend, 'device' | 'memory_bytes'> {
  if (device === 'cpu') return { device: cpu, memory_bytes: memory_limit_bytes ?? memory_bytes };
  const [gpu] = gpus;
  // WebGPU may be on another adapter.
  if (gpu && name !== 'onnxruntime-webgpu') return { device: gpu.name, memory_bytes: gpu.memory_bytes };
  return { device: `Vulkan (${vulkan.drivers.join(', ') || 'driver not known'})`, memory_bytes: null };
}
