import { dataTypes } from '../graph.js';
import { type Translation, translation } from './kernel.js';

const softmax = (op: string): Translation =>
  translation((trace, { logits }) => {
    const last = logits!.shape.length - 1;
    const name = trace.graph.node(op, [trace.stored(logits!, logits!.order)], {
      axis: logits!.order.indexOf(last),
    });
    return trace.value(name, logits!.shape, { order: logits!.order });
  });

interface OneHotAttributes {
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
}

const oneHot = translation<OneHotAttributes>((trace, { indices }, { depth, onValue, offValue }) => {
  // ONNX Runtime's OneHot takes int64 positions.
  const positions = trace.graph.node('Cast', [trace.natural(indices!)], { to: dataTypes.int64 });
  const name = trace.graph.node(
    'OneHot',
    [positions, trace.graph.int64s([depth]), trace.graph.floats([offValue, onValue], [2])],
    { axis: -1 },
  );
  return trace.value(name, [...indices!.shape, depth]);
});

export const classification: Readonly<Record<string, Translation>> = {
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  OneHot: oneHot,
};
