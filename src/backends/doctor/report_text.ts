import { bytes } from '../../terminal/format.js';
import { textTable } from '../../terminal/table.js';
import { type DoctorReport, type ExaminedBackend, hasKernels } from './doctor.js';
import type { Machine } from './machine.js';

/** A report as plain text: the machine, the table of backends, what is wrong and how to mend it, what a run takes. */
export function reportText(report: DoctorReport): string {
  const { machine, backends, auto, config } = report;
  return [
    ...machineLines(machine),
    '',
    ...backendTable(report),
    ...backends.flatMap((backend) => problemLines(backend, report)),
    '',
    `auto takes ${auto.backend}: ${auto.reason}`,
    ...(config && config.reason !== auto.reason
      ? [`${config.file} takes ${config.backend}: ${config.reason}`]
      : []),
    verdict(report),
  ].join('\n');
}

function machineLines(machine: Machine): string[] {
  const { gnet, node, node_abi, npm, platform, libc, cpu, simd, threads, gpus, vulkan } = machine;
  const { memory_bytes, memory_free_bytes, memory_limit_bytes, cuda_libraries } = machine;
  const list = (items: readonly string[]) => items.join(', ') || 'none';
  const limit = memory_limit_bytes === null ? '' : `, ${bytes(memory_limit_bytes)} for this container`;
  const devices = gpus.map(
    (gpu) =>
      `${gpu.name}${gpu.memory_bytes === null ? '' : `, ${bytes(gpu.memory_bytes)}`}, driver ${gpu.driver}`,
  );
  return textTable([
    ['gnet', `${gnet}, Node.js ${node} (ABI ${node_abi}), npm ${npm ?? 'not found'}`],
    ['system', `${platform}${libc ? `, ${libc}` : ''}`],
    ['processor', `${cpu}, ${threads} threads usable${simd.length > 0 ? `, ${simd.join(' ')}` : ''}`],
    ['memory', `${bytes(memory_bytes)}, ${bytes(memory_free_bytes)} free${limit}`],
    ['CUDA GPU', devices.join('; ') || `none: ${machine.gpu_problem}`],
    ['CUDA', list(cuda_libraries)],
    ['Vulkan', `loader ${vulkan.loader ? 'found' : 'not found'}, drivers: ${list(vulkan.drivers)}`],
  ]);
}

const COLUMNS = ['backend', 'usable', 'device', 'versions', 'threads', 'memory'] as const;
const NUMBERS = [COLUMNS.indexOf('threads'), COLUMNS.indexOf('memory')];

function backendTable({ backends, auto, config }: DoctorReport): string[] {
  const row = (backend: ExaminedBackend) => [
    backend.name === auto.backend ? `${backend.name} (auto)` : backend.name,
    backend.usable ? 'yes' : 'no',
    backend.device ?? '',
    Object.entries(backend.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    backend.threads === null ? '' : String(backend.threads),
    backend.memory_bytes === null ? '' : bytes(backend.memory_bytes),
    ...(config ? [kernelCell(backend)] : []),
  ];
  return textTable([[...COLUMNS, ...(config ? ['kernels'] : [])], ...backends.map(row)], NUMBERS);
}

function kernelCell(backend: ExaminedBackend): string {
  const { kernels } = backend;
  if (!kernels) return '';
  if (!hasKernels(backend)) return `${kernels.missing.length || 'some'} missing`;
  const left = Object.values(kernels.on_cpu).reduce((sum, count) => sum + count, 0);
  return `all${kernels.needed === null ? '' : ` ${kernels.needed}`}${left > 0 ? `, ${left} nodes on the CPU` : ''}`;
}

function problemLines(backend: ExaminedBackend, report: DoctorReport): string[] {
  const { name, problem, kernels } = backend;
  if (problem) {
    return ['', `${name}: ${problem.cause}`, `  mend: ${problem.mend ?? otherBackend(report)}`];
  }
  if (!kernels) return [];
  if (!hasKernels(backend)) {
    const cause = kernels.problem ?? `it has no kernel ${kernels.missing.join(', ')}`;
    return ['', `${name}: ${cause}`, `  mend: ${otherBackend(report)}`];
  }
  const left = Object.entries(kernels.on_cpu).map(([type, count]) => `${type} × ${count}`);
  return left.length > 0 ? ['', `${name}: nodes that it leaves to the CPU: ${left.join(', ')}`] : [];
}

/** What to do where no command mends a backend. */
function otherBackend({ backends, auto, config }: DoctorReport): string {
  const good = backends.filter((backend) => backend.usable && hasKernels(backend));
  const other = good.find(({ name }) => name === auto.backend) ?? good[0];
  return other ? `gnet run ${config?.file ?? 'CONFIG'} --backend ${other.name}` : 'npm ci';
}

function verdict({ ok, auto, config }: DoctorReport): string {
  const { backend } = config ?? auto;
  if (ok) return config ? `${backend} is usable and has all that the model needs` : `${backend} is usable`;
  return `${backend} cannot run ${config ? config.file : 'here'}: see above`;
}
