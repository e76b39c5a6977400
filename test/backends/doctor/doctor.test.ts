import { describe, expect, test } from 'vitest';
import { chooseBackend } from '../../../src/backends/choose.js';
import { examine } from '../../../src/backends/doctor/doctor.js';
import type { Machine } from '../../../src/backends/doctor/machine.js';
import type {
  KernelCheck,
  ProbeReport,
  ProbeRequest,
  ProbeResult,
} from '../../../src/backends/doctor/protocol.js';
import { reportText } from '../../../src/backends/doctor/report_text.js';
import { type BackendName, backendNames } from '../../../src/registry/backends.js';
import { machine } from '../../helpers/machine.js';
import { tinyPlan } from '../../helpers/tiny_plan.js';

const { name: AUTO } = await chooseBackend('auto', async () => null);
/** Any other. */
const OTHER = backendNames.find((name) => name !== AUTO)!;

const ALL: KernelCheck = { needed: 30, missing: [], problem: null };
const good = (changes: Partial<ProbeReport> = {}, stderr = ''): ProbeResult => ({
  report: { device: 'cpu', threads: 4, versions: { library: '1.2.3' }, kernels: null, ...changes },
  stderr,
});
const bad: ProbeResult = {
  failure: {
    during: 'load',
    ended: { how: 'error' },
    error: { message: 'x', diagnosis: { cause: 'gone', mend: 'npm install it' } },
    stderr: '',
  },
};

/** Examines with these results of probes; backends that are not named are fine. */
async function examined(
  results: Partial<Record<BackendName, ProbeResult>>,
  { backend, facts = {} }: { backend?: BackendName | 'auto'; facts?: Partial<Machine> } = {},
) {
  const requests: ProbeRequest[] = [];
  const config = backend ? { file: 'tiny.yaml', plan: tinyPlan({ backend }) } : null;
  const report = await examine(
    config,
    { progress: () => {} },
    {
      examineMachine: async () => machine(facts),
      probe: async (request) => {
        requests.push(request);
        return results[request.backend] ?? good({ kernels: config && ALL });
      },
    },
  );
  const one = (name: BackendName) => report.backends.find((entry) => entry.name === name)!;
  return { report, requests, one, lines: reportText(report).split('\n') };
}

test('every backend of the registry is probed with the threads of the machine, and listed', async () => {
  const { report, requests, lines } = await examined({});
  expect(requests).toEqual(backendNames.map((backend) => ({ backend, threads: 4, config: null })));
  expect(report.backends.map(({ name }) => name)).toEqual(backendNames);
  expect(report).toMatchObject({ ok: true, config: null, auto: { backend: AUTO } });
  const header = lines.findIndex((line) => line.startsWith('backend '));
  expect(lines[header]).toMatch(/^backend +usable +device +versions +threads +memory$/);
  expect(lines.slice(header + 1, header + 1 + backendNames.length).map((line) => line.split(' ')[0])).toEqual(
    backendNames,
  );
  expect(lines.filter((line) => line.includes('(auto)'))).toEqual([
    expect.stringMatching(/^\S+ \(auto\) +yes +Test CPU +library 1\.2\.3 +4 +16\.0 GB$/),
  ]);
  expect(lines.at(-1)).toBe(`${AUTO} is usable`);
});

describe('devices', () => {
  const T4 = { name: 'NVIDIA T4', driver: '550.54.15', memory_bytes: 15e9, free_bytes: 14e9 };

  const radeon = { vulkan: { loader: true, drivers: ['radeon'] } };

  test.each<[string, BackendName, ProbeReport['device'], Partial<Machine>, string, number | null]>([
    [
      'the processor, within the limit of the container',
      OTHER,
      'cpu',
      { memory_limit_bytes: 2e9 },
      'Test CPU',
      2e9,
    ],
    ['a CUDA GPU', 'tensorflow-gpu', 'gpu', { gpus: [T4] }, 'NVIDIA T4', 15e9],
    ['a CUDA GPU of ONNX Runtime', 'onnxruntime-cuda', 'gpu', { gpus: [T4] }, 'NVIDIA T4', 15e9],
    ['another GPU', 'onnxruntime-webgpu', 'gpu', radeon, 'Vulkan (radeon)', null],
    [
      'a GPU beside one of NVIDIA',
      'onnxruntime-webgpu',
      'gpu',
      { gpus: [T4], ...radeon },
      'Vulkan (radeon)',
      null,
    ],
  ])('%s', async (_, backend, device, facts, name, memory) => {
    const { one } = await examined({ [backend]: good({ device }) }, { facts });
    expect(one(backend)).toMatchObject({ device: name, memory_bytes: memory });
  });
});

describe('a backend that cannot be used', () => {
  test('is followed by its cause and the command that mends it', async () => {
    const { report, one, lines } = await examined({ [OTHER]: bad });
    expect(one(OTHER)).toMatchObject({
      usable: false,
      device: null,
      problem: { cause: 'gone', mend: 'npm install it' },
    });
    const at = lines.indexOf(`${OTHER}: gone`);
    expect(lines[at + 1]).toBe('  mend: npm install it');
    expect(report.ok).toBe(true);
  });

  test('that nothing mends: another backend does the work', async () => {
    const { failure } = bad as Extract<ProbeResult, { failure: object }>;
    const { lines } = await examined({
      [OTHER]: { failure: { ...failure, error: { message: 'gone', diagnosis: null } } },
    });
    expect(lines[lines.indexOf(`${OTHER}: gone`) + 1]).toBe(`  mend: gnet run CONFIG --backend ${AUTO}`);
  });

  test('and is the automatic choice: not ok', async () => {
    const { report, lines } = await examined({ [AUTO]: bad });
    expect(report.ok).toBe(false);
    expect(lines.at(-1)).toBe(`${AUTO} cannot run here: see above`);
  });
});

describe('with a config', () => {
  test('each probe gets it, and the kernels are a column', async () => {
    const { report, requests, lines } = await examined({}, { backend: 'auto' });
    expect(requests[0]!.config).toEqual(tinyPlan({ backend: 'auto' }).config);
    expect(report.config).toEqual({ file: 'tiny.yaml', ...report.auto });
    expect(lines.find((line) => line.includes('(auto)'))).toMatch(/ all 30$/);
    expect(lines.at(-1)).toBe(`${AUTO} is usable and has all that the model needs`);
  });

  test('the backend that it names is the one that counts', async () => {
    const broken = await examined({ [OTHER]: bad }, { backend: OTHER });
    expect(broken.report).toMatchObject({ ok: false, config: { backend: OTHER, reason: 'as configured' } });
    expect(broken.lines.at(-1)).toBe(`${OTHER} cannot run tiny.yaml: see above`);
    expect((await examined({ [AUTO]: bad }, { backend: OTHER })).report.ok).toBe(true);
  });

  test('missing kernels are named, and another backend that has them', async () => {
    const kernels = { needed: 30, missing: ['TopK', 'Unique'], problem: null };
    const { report, lines } = await examined(
      { [AUTO]: good({ kernels }), [OTHER]: bad },
      { backend: 'auto' },
    );
    const other = backendNames.find((name) => name !== AUTO && name !== OTHER)!;
    expect(report.ok).toBe(false);
    expect(lines.find((line) => line.includes('(auto)'))).toMatch(/ 2 missing$/);
    const at = lines.indexOf(`${AUTO}: it has no kernel TopK, Unique`);
    expect(lines[at + 1]).toBe(`  mend: gnet run tiny.yaml --backend ${other}`);
  });

  test('what refuses the step without naming a kernel', async () => {
    const kernels = { needed: null, missing: [], problem: 'out of memory' };
    const { report, lines } = await examined({ [AUTO]: good({ kernels }) }, { backend: 'auto' });
    expect(report.ok).toBe(false);
    expect(lines.find((line) => line.includes('(auto)'))).toMatch(/ some missing$/);
    expect(lines).toContain(`${AUTO}: out of memory`);
  });

  test('nodes that are left to the CPU', async () => {
    const log = [
      'Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2',
      ' Gather (a/Gather_1)',
      ' Gather (b/Gather_2)',
    ]
      .map((text) => `[V:onnxruntime:, session_state.cc:1 VerifyEachNodeIsAssignedToAnEp]  ${text}`)
      .join('\n');
    const { one, lines } = await examined({ [OTHER]: good({ kernels: ALL }, log) }, { backend: 'auto' });
    expect(one(OTHER).kernels).toEqual({ ...ALL, on_cpu: { Gather: 2 } });
    expect(lines).toContain(`${OTHER}: nodes that it leaves to the CPU: Gather × 2`);
    expect(lines.find((line) => line.startsWith(`${OTHER} `))).toMatch(/ all 30, 2 nodes on the CPU$/);
  });
});

test('the machine, as text', async () => {
  const facts: Partial<Machine> = {
    memory_limit_bytes: 2e9,
    gpus: [{ name: 'NVIDIA T4', driver: '550.54.15', memory_bytes: 15e9, free_bytes: 14e9 }],
    gpu_problem: null,
    cuda_libraries: ['libcudart.so.12'],
    vulkan: { loader: true, drivers: [] },
  };
  const { lines } = await examined({}, { facts });
  expect(lines.slice(0, 8)).toEqual([
    'gnet       0.1.0, Node.js v20.20.2 (ABI 115), npm 10.8.2',
    'system     linux 6.1.0 x64, glibc 2.36',
    'processor  Test CPU, 4 threads usable, avx avx2',
    'memory     16.0 GB, 8.0 GB free, 2.0 GB for this container',
    'CUDA GPU   NVIDIA T4, 15.0 GB, driver 550.54.15',
    'CUDA       libcudart.so.12',
    'Vulkan     loader found, drivers: none',
    '',
  ]);
  expect((await examined({})).lines[4]).toBe('CUDA GPU   none: nvidia-smi is not installed');
});
