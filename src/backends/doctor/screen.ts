import { loadPlan } from '../../config/load_plan.js';
import { runStages } from '../../terminal/screen.js';
import { type DoctorReport, examine } from './doctor.js';

/**
 * Examines this installation, with progress on stderr.
 * @param sets `key=value` overrides of the config
 * @throws ConfigError with every mistake of the config
 */
export async function examineOnScreen(
  file: string | undefined,
  sets: readonly string[],
): Promise<DoctorReport> {
  const config = file === undefined ? null : { file, plan: (await loadPlan(file, sets)).plan };
  const context: { report?: DoctorReport } = {};
  await runStages(
    [
      {
        title: 'Backends',
        run: async (stage, output) => {
          stage.report = await examine(config, output);
          const { backends } = stage.report;
          return `${backends.filter(({ usable }) => usable).length} of ${backends.length} usable`;
        },
      },
    ],
    context,
  );
  return context.report!;
}
