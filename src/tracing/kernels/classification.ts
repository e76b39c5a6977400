import { type Translation, translation } from './kernel.js';

const softmax: Translation = (trace, { logits }) => {
  const { shape, order } = logits!;
  const attributes = { axis: order.indexOf(shape.length - 1) };
  const name = trace.graph.node('Softmax', [trace.stored(logits!, order)], attributes);
  return trace.value(name, shape, { order });
};

export interface OneHotAttributes {
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
}

const oneHot = translation<OneHotAttributes>((trace, { indices }, { depth, onValue, offValue }) => {
  // ONNX Runtime's OneHot takes int64 positions.
  const positions = trace.graph.node('Cast', [trace.natural(indices!)], { to: { type: 'int64' } });
  const name = trace.graph.node(
    'OneHot',
    [positions, trace.graph.int64s([depth]), trace.graph.floats([offValue, onValue], [2])],
    { axis: -1 },
  );
  return trace.value(name, [...indices!.shape, depth]);
});

export const classification: Readonly<Record<string, Translation>> = {
  Softmax: softmax,
  OneHot: oneHot,
};
