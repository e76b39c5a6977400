/** Node types that ONNX Runtime left to its CPU provider, and how many of each. */
export type CpuNodes = Readonly<Record<string, number>>;

/** The text of a line, after the function that logs it. */
const LINE = /VerifyEachNodeIsAssignedToAnEp\] (.*)/g;
const HEADING = /^ (All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/;
const NODE = /^ {2}(\w+) \(/;

/**
 * Reads the nodes on the CPU out of ONNX Runtime's log of one or several sessions, whose severity is "verbose". It has a
 * heading for each provider, followed by the provider's nodes; where there is one provider only, no nodes.
 */
export function nodesOnCpu(log: string): CpuNodes {
  const counts: Record<string, number> = {};
  const count = (type: string, nodes: number) => {
    counts[type] = (counts[type] ?? 0) + nodes;
  };
  let isCpu = false;
  for (const [, text] of log.matchAll(LINE)) {
    const heading = HEADING.exec(text!);
    if (heading) isCpu = heading[2] === 'CPUExecutionProvider';
    if (!isCpu) continue;
    if (heading?.[1] === 'All nodes') count('nodes of every type', Number(heading[3]));
    const type = NODE.exec(text!)?.[1];
    if (type) count(type, 1);
  }
  return counts;
}
