import type { Experiment } from '../registry/experiment.js';
import { tensorName } from '../registry/layers/layer.js';
import { allLayers, type Network, type PlannedLayer, type Problem } from './network.js';

/** What a group can match besides a name. */
export const PARAMETER_KINDS = ['norm', 'bias', 'weight'] as const;
type Kind = (typeof PARAMETER_KINDS)[number];

interface Parameter {
  readonly name: string;
  readonly kind: Kind;
}

/** A parameter of a normalization is `norm`; elsewhere a bias is `bias`, and everything else `weight`. */
function parametersOf(network: Network): Parameter[] {
  return allLayers(network).flatMap(({ name, options, tensors }) =>
    tensors
      .filter(({ role }) => role === 'parameter')
      .map((tensor) => ({
        name: tensorName(name, tensor.name),
        kind: options.type.endsWith('_norm') ? 'norm' : tensor.name.endsWith('bias') ? 'bias' : 'weight',
      })),
  );
}

/** Whether a pattern (a kind, or a name in which * stands for any characters) is about a parameter. */
function matches(pattern: string, { name, kind }: Parameter): boolean {
  if ((PARAMETER_KINDS as readonly string[]).includes(pattern)) return pattern === kind;
  return matchesName(pattern, name);
}

/** Whether a name is the pattern, in which * stands for any characters. */
export function matchesName(pattern: string, name: string): boolean {
  // Piece by piece, from the left: no pattern makes this slow, as a regular expression of many stars would be.
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(first)) return false;
  const last = rest.pop()!;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

type Groups = Experiment['parameter_groups'];

const isMatched = ({ match }: Groups[number], parameter: Parameter): boolean =>
  match.some((pattern) => matches(pattern, parameter));

/** The group of each parameter that has one: the first that matches. */
export function groupsByParameter(groups: Groups, network: Network): ReadonlyMap<string, Groups[number]> {
  return new Map(
    parametersOf(network).flatMap((parameter) => {
      const group = groups.find((each) => isMatched(each, parameter));
      return group ? [[parameter.name, group] as const] : [];
    }),
  );
}

/**
 * Names of the parameters that are frozen.
 * @returns also a problem for each pattern that matches nothing, each group that changes nothing, and where nothing is
 *   left to train
 */
export function frozenParameters(
  groups: Groups,
  network: Network,
): { frozen: ReadonlySet<string>; problems: Problem[] } {
  const parameters = parametersOf(network);
  const problems = groups.flatMap(({ match }, group) =>
    match.flatMap((pattern, index): Problem[] =>
      parameters.some((parameter) => matches(pattern, parameter))
        ? []
        : [
            {
              path: ['parameter_groups', group, 'match', index],
              expected: `a name of parameters (such as ${parameters[0]?.name ?? 'conv1.weight'}; * stands for any characters) or a kind of them (${PARAMETER_KINDS.join(', ')})`,
              actual: `${pattern}, which matches none`,
            },
          ],
    ),
  );
  const groupOf = groupsByParameter(groups, network);
  for (const [index, group] of groups.entries()) {
    const problem = (key: string, expected: string, actual: string) =>
      problems.push({ path: ['parameter_groups', index, key], expected, actual });
    if (group.frozen && group.learning_rate_factor !== null)
      problem(
        'learning_rate_factor',
        'no such key: frozen parameters have no learning rate',
        String(group.learning_rate_factor),
      );
    if (group.frozen && group.weight_decay !== null)
      problem('weight_decay', 'no such key: frozen parameters do not decay', String(group.weight_decay));
    const decided = parameters.filter(({ name }) => groupOf.get(name) === group);
    const isPlain = !group.frozen && group.learning_rate_factor === null && group.weight_decay === null;
    // It may keep parameters from a later group.
    if (
      isPlain &&
      !decided.some((parameter) => groups.slice(index + 1).some((later) => isMatched(later, parameter)))
    )
      problems.push({
        path: ['parameter_groups', index],
        expected: 'frozen, learning_rate_factor or weight_decay',
        actual: 'a group that changes nothing',
      });
    else if (problems.length === 0 && decided.length === 0)
      problem('match', 'a parameter that no group before this one matches', group.match.join(', '));
  }
  const frozen = new Set([...groupOf].filter(([, group]) => group.frozen).map(([name]) => name));
  if (parameters.length > 0 && frozen.size === parameters.length) {
    problems.push({
      path: ['parameter_groups'],
      expected: 'a parameter that is left to train',
      actual: 'groups that freeze all of them',
    });
  }
  return { frozen, problems };
}

/** Whether a layer has parameters and all of them are frozen: one with buffers evaluates then, in training too. */
export function isFrozen({ name, tensors }: PlannedLayer, frozen: ReadonlySet<string>): boolean {
  const parameters = tensors.filter(({ role }) => role === 'parameter');
  return (
    parameters.length > 0 && parameters.every((parameter) => frozen.has(tensorName(name, parameter.name)))
  );
}
