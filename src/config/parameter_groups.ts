import type { Experiment } from '../registry/experiment.js';
import { allLayers, type Network, type Problem } from './network.js';

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
        name: `${name}.${tensor.name}`,
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

/**
 * Names of the parameters that are frozen: the first group that matches a parameter decides.
 * @returns also a problem for each pattern that matches nothing, and where nothing is left to train
 */
export function frozenParameters(
  groups: Experiment['parameter_groups'],
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
  const groupOf = (parameter: Parameter) =>
    groups.find(({ match }) => match.some((pattern) => matches(pattern, parameter)));
  const frozen = new Set(
    parameters.filter((parameter) => groupOf(parameter)?.frozen).map(({ name }) => name),
  );
  if (parameters.length > 0 && frozen.size === parameters.length) {
    problems.push({
      path: ['parameter_groups'],
      expected: 'a parameter that is left to train',
      actual: 'groups that freeze all of them',
    });
  }
  return { frozen, problems };
}
