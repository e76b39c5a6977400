// @ts-check
/**
 * gnet beside PyTorch and plain TensorFlow.js, on this machine: npm run bench [-- --threads N] [--rounds N] [--only WORD]
 *
 * The contenders of a workload are processes that take turns (A B C, A B C, …), so that what else the machine does hits
 * all alike; a ratio is the median of the rounds' ratios. PyTorch comes from PyPI into bench/.venv, which the first run
 * makes; without Python its rows are left out, and the table says so. Writes bench/results.json.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tensorflowObstacle } from '../dist/backends/tensorflow.js';

/**
 * @typedef {{ name: string, command: string[], unit: number }} Contender  unit: images (or FLOP) of one repetition
 * @typedef {{ name: string, repeat: number, contenders: Contender[] }} Workload
 * @typedef {{ name: string, rates: number[], peak_rss_bytes: number, facts: Record<string, unknown> }} Result
 */

const { values } = parseArgs({
  options: {
    threads: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
});
const threads = values.threads ?? String(availableParallelism());
const rounds = Number(values.rounds);
const here = fileURLToPath(new URL('.', import.meta.url));
const python = findPython();
/** Why TensorFlow's C library is left out, or null. */
const withoutTensorflow = tensorflowObstacle('tensorflow');

/** A Python that has PyTorch, or why there is none. */
function findPython() {
  const venv = join(here, '.venv');
  const executable = join(venv, 'bin', 'python');
  const has = () => spawnSync(executable, ['-c', 'import torch, torchvision']).status === 0;
  if (existsSync(executable) && has()) return { executable };
  if (spawnSync('python3', ['--version']).status !== 0) return { missing: 'python3 is not installed' };
  console.error('installing PyTorch into bench/.venv …');
  const made = spawnSync('python3', ['-m', 'venv', venv]);
  const installed = spawnSync(executable, [
    '-m',
    'pip',
    'install',
    '-q',
    'torch',
    'torchvision',
    'numpy',
    'pillow',
  ]);
  if (made.status === 0 && installed.status === 0 && has()) return { executable };
  return {
    missing: `PyTorch cannot be installed: ${installed.stderr?.toString().trim().split('\n').at(-1)}`,
  };
}

/** @returns {Contender} */
function gnet(/** @type {string} */ name, /** @type {string[]} */ words, /** @type {number} */ unit) {
  return {
    name,
    command: [
      process.execPath,
      ...words.map((word) => (word.endsWith('.js') ? join(here, 'contenders', word) : word)),
    ],
    unit,
  };
}

/** @returns {Contender[]} */
function torch(
  /** @type {string} */ name,
  /** @type {string} */ script,
  /** @type {string[]} */ words,
  /** @type {number} */ unit,
) {
  return python.executable
    ? [{ name, command: [python.executable, join(here, 'contenders', script), ...words], unit }]
    : [];
}

/** @returns {Workload} */
function training(
  /** @type {string} */ config,
  /** @type {number} */ size,
  /** @type {string} */ stem,
  /** @type {number} */ batch,
  mode = 'train',
  withWasm = false,
) {
  const ours = (/** @type {string} */ title, /** @type {string} */ backend) =>
    gnet(title, ['gnet.js', `configs/${config}.yaml`, String(batch), backend, threads, mode], batch);
  return {
    name: `${mode} ${config} batch ${batch}`,
    repeat: size > 64 ? 2 : 4,
    contenders: [
      ours('gnet onnxruntime-cpu', 'onnxruntime-cpu'),
      ...['eager', 'channels_last', 'compile'].flatMap((variant) =>
        torch(
          `PyTorch ${variant}`,
          'torch_step.py',
          [String(size), String(batch), stem, threads, mode, variant],
          batch,
        ),
      ),
      ...(withoutTensorflow === null ? [ours('TensorFlow.js tfjs-node', 'tensorflow')] : []),
      ...(withWasm ? [ours('TensorFlow.js wasm', 'wasm')] : []),
      gnet('GEMM 2048³ (GFLOP/s)', ['gemm.js', threads], (2 * 2048 ** 3) / 1e9),
    ],
  };
}

/** @type {Workload[]} */
const workloads = [
  training('googlenet-cifar10', 224, 'article', 8),
  training('googlenet-cifar10-32', 32, 'small', 32, 'train', true),
  training('googlenet-cifar10-32', 32, 'small', 128),
  training('googlenet-cifar10-32', 32, 'small', 128, 'evaluate'),
  {
    name: 'input pipeline: decode, resize to 224, normalize (one thread)',
    repeat: 4,
    contenders: [
      gnet('gnet', ['preprocess.js', '224', '32', '1'], 32),
      ...torch('torchvision DataLoader', 'torch_preprocess.py', ['224', '32', '0'], 32),
    ],
  },
].filter(({ name }) => name.includes(values.only));

/** A contender's process, once it has said that it is ready. */
async function start(/** @type {Contender} */ { command }) {
  const [executable = '', ...words] = command;
  const child = spawn(executable, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Waiting contenders must not spin on the cores that another one is measured on.
    env: { ...process.env, OMP_WAIT_POLICY: 'PASSIVE', KMP_BLOCKTIME: '0' },
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(errors.trim().split('\n').at(-1) ?? 'ended early');
    return JSON.parse(value);
  };
  return { child, next, facts: await next() };
}

/** @returns {Promise<Result[]>} */
async function compete(/** @type {Workload} */ { contenders, repeat }) {
  /** @type {(Result & Awaited<ReturnType<typeof start>> & { unit: number })[]} */
  const running = [];
  for (const contender of contenders) {
    try {
      running.push({
        name: contender.name,
        unit: contender.unit,
        rates: [],
        peak_rss_bytes: 0,
        ...(await start(contender)),
      });
    } catch (error) {
      console.error(`${contender.name}: left out: ${/** @type {Error} */ (error).message}`);
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of running) {
      contender.child.stdin.write(`${JSON.stringify({ repeat })}\n`);
      const { seconds, peak_rss_bytes } = await contender.next();
      contender.rates.push((repeat * contender.unit) / seconds);
      contender.peak_rss_bytes = peak_rss_bytes;
    }
  }
  for (const { child } of running) child.kill();
  return running.map(({ name, rates, peak_rss_bytes, facts }) => ({ name, rates, peak_rss_bytes, facts }));
}

function median(/** @type {number[]} */ numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Seconds from the command to the first line of metrics.jsonl, with the data in place. */
async function timeToFirstStep() {
  const directory = mkdtempSync(join(tmpdir(), 'gnet-bench-'));
  const words = [
    'bin/run.js',
    'run',
    'configs/googlenet-cifar10-32.yaml',
    '--run-dir',
    directory,
    '--set',
    'dataset={type: shapes}',
  ];
  const began = performance.now();
  const child = spawn(process.execPath, words, { stdio: 'ignore' });
  const metrics = join(directory, 'metrics.jsonl');
  while (!existsSync(metrics) || !readFileSync(metrics, 'utf8').includes('\n')) {
    if (child.exitCode !== null) throw new Error('the run ended before its first step');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const seconds = (performance.now() - began) / 1000;
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  rmSync(directory, { recursive: true });
  return seconds;
}

const report = {
  date: new Date().toISOString(),
  cpu: cpus()[0]?.model,
  threads,
  rounds,
  node: process.version,
  workloads: [],
  time_to_first_step_seconds: 0,
};
console.log(`${report.cpu}, ${threads} threads, Node.js ${report.node}, ${report.date}`);
if (python.missing) console.log(`without PyTorch: ${python.missing}`);
if (withoutTensorflow)
  console.log(`without tfjs-node: ${withoutTensorflow} (gnet backend install tensorflow)`);
for (const workload of workloads) {
  const results = await compete(workload);
  const [ours] = results;
  if (!ours) continue;
  console.log(`\n${workload.name}`);
  const gemm = results.find(({ name }) => name.startsWith('GEMM'));
  for (const { name, rates, peak_rss_bytes } of results) {
    const isPeak = name === gemm?.name;
    const ratio =
      name === ours.name || isPeak
        ? ''
        : `gnet is ${median(ours.rates.map((rate, i) => rate / (rates[i] ?? 1))).toFixed(2)}×`;
    const rate = `${median(rates).toFixed(1)} ${isPeak ? '' : 'images/s'}`;
    console.log(
      `  ${name.padEnd(24)} ${rate.padStart(18)}  ${`${Math.round(peak_rss_bytes / 2 ** 20)} MiB`.padStart(9)}  ${ratio}`,
    );
  }
  const macs = ours.facts.macs;
  let share;
  if (gemm && typeof macs === 'number' && workload.name.startsWith('train')) {
    // Forward, gradient of the input, gradient of the filter: three products of the forward's size, two FLOP a MAC.
    share = median(ours.rates.map((rate, i) => (rate * macs * 6) / 1e9 / (gemm.rates[i] ?? 1)));
    console.log(`  share of the GEMM peak   ${(share * 100).toFixed(1).padStart(9)} %`);
  }
  // @ts-expect-error: the array begins empty
  report.workloads.push({ name: workload.name, results, share_of_gemm_peak: share });
}
if (values.only === '') {
  report.time_to_first_step_seconds = median([
    await timeToFirstStep(),
    await timeToFirstStep(),
    await timeToFirstStep(),
  ]);
  console.log(
    `\ncommand to first step, googlenet-cifar10-32: ${report.time_to_first_step_seconds.toFixed(2)} s`,
  );
}
writeFileSync(join(here, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
