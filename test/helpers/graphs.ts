import type { GraphBuilder } from '../../src/tracing/graph.js';

/** Number of nodes that an output depends on, without the copies that make a value an output. */
export function nodeCount(builder: GraphBuilder): number {
  return builder.finish().nodes.filter(({ scope }) => scope !== 'outputs').length;
}
