/** Node types that ONNX Runtime left to its CPU provider, and how many of each. */
export type CpuNodes = Readonly<Record<string, number>>;

const HEADING = /\] ? ?(?:All nodes|Node\(s\)|Nodes?) placed on \[(\w+)\]/;
const NODE = /VerifyEachNodeIsAssignedToAnEp\] {1,4}(\w+) \(/;

/** Reads the nodes on the CPU out of ONNX Runtime's log of one or several sessions. */
export function nodesOnCpu(log: string): CpuNodes {
  const counts: Record<string, number> = {};
  let provider = '';
  for (const line of log.split('\n')) {
    if (!line.includes('VerifyEachNodeIsAssignedToAnEp')) continue;
    const heading = HEADING.exec(line);
    if (heading) provider = heading[1]!;
    const type = NODE.exec(line)?.[1];
    if (type && provider === 'CPUExecutionProvider') counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}
