import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendFailure, failedRun, guarded, withFailures } from '../backends/failure.js';
import { openExtractor, openProgram, takeBackend } from '../backends/open_program.js';
import { threadCount } from '../backends/threads.js';
import { frozenPrefix, prefixPlan, restPlan } from '../config/frozen_prefix.js';
import { loadPlan } from '../config/load_plan.js';
import { partSize } from '../config/part_size.js';
import type { Plan } from '../config/resolve.js';
import { withBalancedClasses } from '../data/class_weights.js';
import type { Splits } from '../data/open.js';
import { type PreparedImages, prepareImages } from '../data/prepare_images.js';
import { dataStages } from '../data/stages.js';
import { Interrupted } from '../errors.js';
import { stateOf, withFrozen } from '../model/frozen_part.js';
import type { Program } from '../model/program.js';
import { fromStateDict, type ModelState } from '../model/state.js';
import { WeightAverage } from '../model/weight_average.js';
import { writeReport } from '../report/write_report.js';
import { OPTIMISTIC } from '../runs/chosen_on.js';
import { type RunSummary, writeSummary } from '../runs/summary.js';
import { readWeights } from '../storage/checkpoints.js';
import { writePredictions } from '../storage/predictions.js';
import { bytes, counted, duration, grouped, percent } from '../terminal/format.js';
import { InterruptHandler } from '../terminal/interrupt.js';
import { runStages, type Stage } from '../terminal/screen.js';
import { CheckpointWriter } from './checkpoint.js';
import { describeEnvironment } from './environment.js';
import { evaluate, toStored } from './evaluation.js';
import { type Features, openFeatures } from './features.js';
import { requireFiniteLoss } from './finite.js';
import { describeInitial } from './initial_weights.js';
import type { Position } from './progress.js';
import { resumeCommand } from './resume_command.js';
import { openRunSession, type RunRequest, type RunSession } from './run_session.js';
import { train } from './train.js';

/** What `gnet run` was asked for. */
export interface RunOptions extends RunRequest {
  readonly config: string;
  /** False where `config` is gone afterwards: a run that goes on then takes the copy in its directory. */
  readonly configIsKept?: boolean;
  /** `key=value` overrides. */
  readonly sets: readonly string[];
  /** Threads of one operation; 0 takes one for each physical core. */
  readonly threads: number;
}

/** What the stages hand on to each other. */
interface Context {
  data?: Splits;
  program?: Program;
  /** Only where frozen layers are left out. */
  features?: Features;
  checkpoints?: CheckpointWriter;
  position: Position;
  test?: RunSummary['test'];
  /** Whether it is of averaged weights. */
  weights?: Pick<RunSummary, 'weights'>;
  summary?: RunSummary;
}

/** A stage of its own, as it may take a while: afterwards there is a run. */
async function lookAtImages(plan: Plan): Promise<PreparedImages> {
  const interrupt = new InterruptHandler();
  const context: { prepared?: PreparedImages } = {};
  try {
    await runStages(
      [
        {
          title: 'Images',
          run: async (stage, output) => {
            stage.prepared = await prepareImages(plan, output, interrupt.signal);
            const { lines, unreadable } = stage.prepared;
            const without = unreadable.length > 0 ? `, ${grouped(unreadable.length)} left out` : '';
            return `${counted(lines.length, 'file')} of ${grouped(plan.dataset.classes.length)} classes looked at${without}`;
          },
        },
      ],
      context,
    );
    return context.prepared!;
  } finally {
    interrupt.dispose();
  }
}

/**
 * Runs an experiment: download, prepare, compile, train, evaluate, report.
 * @throws UserError, Interrupted
 */
export async function runExperiment(options: RunOptions): Promise<RunSummary> {
  const loaded = await loadPlan(options.config, options.sets);
  const threads = threadCount(options.threads);
  // Before anything is made: a backend that is missing must leave no run behind.
  const choice = await takeBackend(loaded.plan.config.backend, threads);
  const environment = await describeEnvironment(choice, threads, new Date());
  const session = await openRunSession(loaded, options, environment, lookAtImages);
  if ('summary' in session) {
    const result = `${session.summary.run_directory}: the run has finished all its epochs, nothing is left to do${newerRuns(session)}`;
    await runStages([{ title: 'Run directory', run: async () => result }], {});
    return session.summary;
  }
  const { plan, paths, recorder } = session;
  const config = options.configIsKept === false ? paths.config : options.config;
  const { training } = plan.config;
  const { chosenOn } = plan.dataset;
  const { average: averaging } = plan.config;
  const average =
    averaging.type === 'none' ? null : new WeightAverage(averaging, plan.frozen, session.averaged);
  const { cached, reason } = frozenPrefix(plan);
  const [first, rest] = [prefixPlan(plan, cached), restPlan(plan, cached)];
  const interrupt = new InterruptHandler();
  const context: Context = { position: session.position };
  const features: Stage<Context> = {
    title: 'Features',
    skip: () => (cached === 0 ? `computed anew in each epoch; ${reason}` : null),
    run: async (stage, output) => {
      const weights = stateOf(first.network, session.state);
      stage.features = await openFeatures({
        plan: first,
        weights,
        data: stage.data!,
        backend: choice.name,
        directory: paths.features,
        openExtractor: async () => {
          const extractor = await guarded('to open the model', () =>
            openExtractor(first, choice.name, threads, weights),
          );
          return {
            extract: (batch) => guarded('to compute features', () => extractor.extract(batch)),
            dispose: () => extractor.dispose(),
          };
        },
        output,
        stopRequested: interrupt.stopRequested,
      });
      const { count, computed, bytes: size } = stage.features;
      const how = computed === 0 ? 'read from an earlier session' : 'computed once';
      return `${counted(count, 'image')} behind ${first.network.layers.at(-1)!.name}, ${bytes(size)}, ${how}`;
    },
  };
  const stages: Stage<Context>[] = [
    {
      title: 'Run directory',
      run: async (_, output) => {
        if (session.change) output.line(session.change);
        if (session.init) for (const line of describeInitial(session.init)) output.line(line);
        return describeStart(session);
      },
    },
    ...dataStages<Context>(plan, interrupt.signal, paths.images),
    {
      title: 'Compile',
      run: async (stage) => {
        const { labels } = stage.data!.train;
        const open = (part: Plan, state: ModelState) =>
          withFailures(openProgram(withBalancedClasses(part, labels), choice.name, threads, state));
        const { state } = session;
        stage.program =
          cached === 0
            ? await open(plan, state)
            : withFrozen(await open(rest, stateOf(rest.network, state)), stateOf(first.network, state));
        stage.checkpoints = new CheckpointWriter(
          plan,
          stage.program,
          recorder,
          paths,
          session.savedStep,
          average,
        );
        if (!stage.position.finished) await stage.program.prepare(partSize(training));
        return `${grouped(plan.parameterCount)} parameters on ${choice.name} (${choice.reason})`;
      },
    },
    ...(plan.frozen.size > 0 ? [features] : []),
    {
      title: 'Train',
      skip: ({ position }) => (position.finished ? 'the run has finished all its epochs' : null),
      run: async (stage, output) => {
        const { program, data, checkpoints } = stage as Required<Context>;
        const inputs = stage.features?.inputs ?? data;
        const { stopRequested } = interrupt;
        const parts = { plan, program, average, data, inputs, recorder, checkpoints, output, stopRequested };
        stage.position = await train(parts, stage.position);
        const { best } = stage.position;
        return `${counted(training.epochs, 'epoch')} in ${duration(stage.position.seconds)}, best ${chosenOn} accuracy ${percent(best!.accuracy)} in epoch ${best!.epoch}`;
      },
    },
    {
      title: 'Evaluate',
      run: async (stage, output) => {
        const file = join(paths.checkpoints, 'best');
        const { tensors, average: averaged } = await readWeights(file);
        const best = fromStateDict(plan.network, averaged ?? tensors, file);
        const weights = averaged ? ({ weights: 'average' } as const) : {};
        const evaluated = await evaluate(
          { evaluate: (batch) => stage.program!.evaluate(batch, best) },
          (stage.features?.inputs ?? stage.data!).test,
          partSize(training),
          output,
          interrupt.stopRequested,
        );
        if (evaluated === null) throw new Interrupted();
        const { result, scores, predictions } = evaluated;
        const test = { ...result, scores };
        await requireFiniteLoss(
          { plan, checkpoints: stage.checkpoints! },
          'test loss',
          test.loss,
          stage.position.best!.step,
        );
        if (chosenOn !== 'test') {
          const { step, epoch } = stage.position.best!;
          recorder.test({ split: 'test', step, epoch, ...weights, ...test });
          await recorder.sync();
        }
        // Before the summary: where there is one, everything that it sums up is there too.
        await writePredictions(paths.predictions, toStored(predictions));
        stage.test = test;
        stage.weights = weights;
        return `checkpoints/best${averaged ? ' (averaged weights)' : ''} has test loss ${test.loss.toFixed(4)}, accuracy ${percent(test.accuracy)} (${test.correct}/${test.count})${chosenOn === 'test' ? `; ${OPTIMISTIC}` : ''}`;
      },
    },
    {
      title: 'Report',
      run: async (stage) => {
        const { step, best } = stage.position;
        stage.summary = {
          name: plan.config.name,
          run_directory: paths.directory,
          backend: choice.name,
          epochs: training.epochs,
          steps: step,
          parameters: plan.parameterCount,
          seconds: stage.position.seconds,
          best,
          chosen_on: chosenOn,
          ...stage.weights,
          test: stage.test!,
        };
        await writeSummary(paths, stage.summary);
        await writeReport(paths.directory, stage.data!.test);
        // Whoever trains on does so in another run.
        await stage.features?.close();
        await rm(paths.features, { recursive: true, force: true });
        return paths.report;
      },
    },
  ];
  try {
    await runStages(stages, context);
    return context.summary!;
  } catch (error) {
    if (error instanceof BackendFailure) {
      const sets = options.sets.filter((set) => !set.startsWith('backend='));
      const resumeWith = (backend: string) =>
        resumeCommand({ ...options, config, sets: [...sets, `backend=${backend}`] }, paths.directory);
      throw failedRun(error, choice.name, context.checkpoints?.lastSaved ?? null, resumeWith);
    }
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(
      `interrupted; resume with:\n  ${resumeCommand({ ...options, config }, paths.directory)}`,
    );
  } finally {
    context.program?.dispose();
    await context.features?.close();
    interrupt.dispose();
    await session.close();
  }
}

/** Which directory it is, and where in the run the session starts. */
function describeStart(session: RunSession): string {
  const { paths, resumed, savedStep, position } = session;
  if (!resumed) return paths.directory;
  const start =
    savedStep === null
      ? 'which has no checkpoint yet: starting again at step 0'
      : `resumed at step ${position.step}`;
  return `${paths.directory}, ${start}${newerRuns(session)}`;
}

function newerRuns({ passedOver }: Pick<RunSession, 'passedOver'>): string {
  if (passedOver.length === 0) return '';
  return ` (newer, but without a checkpoint: ${passedOver.join(', ')}; --run-dir takes one all the same)`;
}
