import { describe, expect, it } from 'vitest';
import { formatOrigin, type LocatedMap, Origins, plainValue } from '../../src/config/located.js';
import { applyOverride } from '../../src/config/override.js';
import { placesIn } from '../../src/config/yaml_text.js';
import { parseYaml } from '../../src/config/yaml_tree.js';

const TEXT = `o: {type: adam, beta1: 0.8}
n: null
s: 3
e: []
layers: [{name: a, k: 1}, {name: b, k: 2}, {k: 3}]
`;
const base = parseYaml(TEXT, placesIn('f', TEXT)).root as LocatedMap;
const plain = plainValue(base) as Record<string, unknown>;

/** The keys that one or several overrides change. */
function apply(...sets: string[]) {
  let root = base;
  const problems: string[] = [];
  for (const set of sets) {
    const result = applyOverride(root, set);
    root = result.root;
    problems.push(
      ...result.problems.map(
        (p) =>
          `${formatOrigin(p.origin)}: expected ${p.expected}, got ${p.actual}${p.suggestion ? `; ${p.suggestion}` : ''}`,
      ),
    );
  }
  const entries = Object.entries(plainValue(root) as object);
  return {
    root,
    changed: Object.fromEntries(
      entries.filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(plain[key])),
    ),
    problems,
  };
}

describe('key=value', () => {
  it.each([
    [['s=4'], { s: 4 }],
    [['s=1e-4'], { s: 1e-4 }],
    [['s='], { s: null }],
    [['s="a=b"'], { s: 'a=b' }],
    [['s=a=b'], { s: 'a=b' }],
    [['s={x: [1, {y: 2}]}'], { s: { x: [1, { y: 2 }] } }],
    [['s={x: &x 1, y: *x}'], { s: { x: 1, y: 1 } }],
    [['o.beta1=0.7'], { o: { type: 'adam', beta1: 0.7 } }],
    [['o={beta2: 1}'], { o: { beta2: 1 } }],
    [['n.a.b=1'], { n: { a: { b: 1 } } }],
    [['new.a=1'], { new: { a: 1 } }],
    [['layers.1.k=9'], { layers: [{ name: 'a', k: 1 }, { name: 'b', k: 9 }, { k: 3 }] }],
    [['layers.b.k=9'], { layers: [{ name: 'a', k: 1 }, { name: 'b', k: 9 }, { k: 3 }] }],
    [['layers.2=x'], { layers: [{ name: 'a', k: 1 }, { name: 'b', k: 2 }, 'x'] }],
    [['o.type=sgd'], { o: { type: 'sgd' } }],
    [['o.type=adam'], {}],
    [['o.type=sgd', 'o.momentum=0.9'], { o: { type: 'sgd', momentum: 0.9 } }],
    [['o.momentum=0.9', 'o.type=sgd'], { o: { type: 'sgd', momentum: 0.9 } }],
    [['s=1', 's=2'], { s: 2 }],
    [['e+=1'], { e: [1] }],
    [['e+=[1, 2]', 'e+={x: 3}'], { e: [1, 2, { x: 3 }] }],
    [['list+=1'], { list: [1] }],
    [['o.list+=1'], { o: { type: 'adam', beta1: 0.8, list: [1] } }],
  ])('%j', (sets, changed) => expect(apply(...sets)).toMatchObject({ changed, problems: [] }));
});

describe('mistakes', () => {
  it.each([
    ['s', 'key=value or key+=value, with keys joined by dots, got "s"'],
    ['=1', 'key=value or key+=value, with keys joined by dots, got "=1"'],
    ['+=1', 'key=value or key+=value, with keys joined by dots, got "+=1"'],
    ['a..b=1', 'key=value or key+=value, with keys joined by dots, got "a..b=1"'],
    ['__proto__.x=1', 'key=value or key+=value, with keys joined by dots, got "__proto__.x=1"'],
    ['o.constructor=1', 'key=value or key+=value, with keys joined by dots, got "o.constructor=1"'],
    ['extends=b.yaml', 'a key of the config, got extends, which only a file can have'],
    ['s.x=1', 'a map or a list to set x in, got 3'],
    ['s+=1', 'a list to append to, got 3'],
    ['o+=1', 'a list to append to, got a map'],
    ['layers.3.k=1', 'an index from 0 to 2, a or b, got "3"'],
    ['layers.-1.k=1', 'an index from 0 to 2, a or b, got "-1"'],
    ['e.0=1', 'a list with items, got an empty list (append with +=)'],
    ['s=[1', 'valid YAML, got an error: Flow sequence must end with a ]'],
    ['s=.nan', 'a finite number, got NaN'],
    ['s={a: 1, a: 2}', 'each key once, got a second a'],
    ['s={__proto__: 1}', 'a key of the config, got the reserved __proto__'],
    ['s=!!js/function x', 'a value without that tag, got Unresolved tag: tag:yaml.org,2002:js/function'],
    ['s=a: b: c', 'valid YAML, got an error: Nested mappings are not allowed in compact mappings'],
    [`s=${'['.repeat(100)}`, 'at most 40 levels of maps and lists, got more'],
  ])('%s', (set, problem) => {
    const { changed, problems } = apply(set);
    expect(changed).toEqual({});
    expect(problems).toEqual([`--set ${set}: expected ${problem}`]);
  });
});

it('marks what it set, and only that', () => {
  const origins = new Origins(apply('layers.b.k=9').root);
  expect(formatOrigin(origins.of(['layers', 1, 'k']))).toBe('--set layers.b.k=9');
  expect(formatOrigin(origins.of(['layers', 1, 'name']))).toBe('f:5:34');
  expect(formatOrigin(origins.of(['layers', 1]))).toBe('f:5:27');
});
