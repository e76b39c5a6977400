import { initialFile } from '../config/initial_file.js';
import type { LoadedPlan } from '../config/load_plan.js';
import { printable } from '../config/words.js';
import { type Mapping, matchWeights } from '../model/match_weights.js';
import type { ModelState } from '../model/state.js';
import type { InitialWeights } from '../runs/run_plan.js';
import { readWeightsSource } from '../runs/weights_source.js';
import { quoted } from '../terminal/command_line.js';
import { counted } from '../terminal/format.js';

/** A state that a file gave, and how. */
export interface InitialState {
  readonly state: ModelState;
  readonly weights: InitialWeights;
}

/**
 * Reads the weights that a run starts from; null where neither the config nor `--init` names any.
 * @param flag the file of `--init`, which stands in for that of the config
 * @throws UserError where it cannot be read, or its tensors are not those of the model
 */
export async function readInitial(
  loaded: LoadedPlan,
  flag: string | undefined,
): Promise<InitialState | null> {
  const { plan } = loaded;
  const { init } = plan.config;
  const source = flag ?? initialFile(loaded);
  if (source === null) return null;
  const { ignore, strip_prefix } = init ?? { ignore: [], strip_prefix: null };
  const { tensors, inside, sha256 } = await readWeightsSource(source);
  const hint = (mapping: Mapping) =>
    hintFor(mapping, flag === undefined ? null : source, init?.file ?? source);
  const { state, ...became } = matchWeights(plan, tensors, { ignore, strip_prefix }, source, hint);
  const file = flag ?? init!.file;
  return { state, weights: { file, sha256, inside, ignore, strip_prefix, ...became } };
}

/** The key with which the file fits. @param flag the file of `--init`, if it was given */
function hintFor({ ignore, strip_prefix }: Mapping, flag: string | null, written: string): string {
  const options = [
    `file: ${JSON.stringify(flag ?? written)}`,
    ...(strip_prefix === null ? [] : [`strip_prefix: ${JSON.stringify(strip_prefix)}`]),
    ...(ignore.length === 0 ? [] : [`ignore: ${JSON.stringify(ignore)}`]),
  ];
  const value = `{${options.join(', ')}}`;
  const place =
    flag === null ? `init: ${value} in the config` : `--set ${quoted(`init=${value}`)} in place of --init`;
  const effect =
    ignore.length === 0 ? 'takes the prefix off' : 'starts these layers afresh and loads the rest';
  return `If that is meant, ${place} ${effect}.`;
}

/** More names than these are not shown. */
const SHOWN = 6;

/** Lines on what was loaded, started afresh and left out. */
export function describeInitial({ file, inside, loaded, fresh, left_out }: InitialWeights): string[] {
  const list = (names: readonly string[]) => {
    const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : '';
    return printable(`${names.slice(0, SHOWN).join(', ')}${more}`);
  };
  const from = inside === '' ? file : `${file} (${inside})`;
  return [
    `Initial weights: ${counted(loaded?.length ?? 0, 'tensor')} of ${from}`,
    ...(fresh.length > 0 ? [`  started afresh: ${list(fresh)}`] : []),
    ...(left_out.length > 0 ? [`  left out of the file: ${list(left_out)}`] : []),
  ];
}
