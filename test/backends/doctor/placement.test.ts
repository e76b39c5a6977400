import { expect, test } from 'vitest';
import { nodesOnCpu } from '../../../src/backends/doctor/placement.js';

/** A line of ONNX Runtime's log: session_state.cc, VerifyEachNodeIsAssignedToAnEp. */
const line = (text: string) =>
  `2026-11-24 06:55:19.113638885 [V:onnxruntime:, session_state.cc:1377 VerifyEachNodeIsAssignedToAnEp] ${text}`;

test('counts the types of nodes that are left to the CPU, over all sessions', () => {
  const session = [
    line('Node placements'),
    line(' Node(s) placed on [CPUExecutionProvider]. Number of nodes: 3'),
    line('  MaxPool (pool1/MaxPool_7)'),
    line('  Gather (loss/Gather_9)'),
    line('  MaxPool (pool2/MaxPool_17)'),
    line(' Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 2'),
    line('  Conv (conv1/Conv_0)'),
    line('  MaxPool (pool3/MaxPool_20)'),
    '2026-11-24 06:55:19.11 [V:onnxruntime:, session_state.cc:186 CreateGraphInfo] SaveMLValueNameIndexMapping',
  ];
  expect(nodesOnCpu(session.join('\n'))).toEqual({ MaxPool: 2, Gather: 1 });
  expect(nodesOnCpu([...session, ...session].join('\n'))).toEqual({ MaxPool: 4, Gather: 2 });
});

test('all on one provider', () => {
  const all = (provider: string) =>
    nodesOnCpu(line(` All nodes placed on [${provider}]. Number of nodes: 97`));
  expect(all('CUDAExecutionProvider')).toEqual({});
  expect(all('CPUExecutionProvider')).toEqual({ 'nodes of every type': 97 });
});

test('no log, nothing on the CPU', () => {
  expect(nodesOnCpu('')).toEqual({});
});
