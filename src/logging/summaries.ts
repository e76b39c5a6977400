import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Histogram } from './histogram.js';
import { HParamsPluginDataSchema, Status } from './tensorboard_hparams_pb.js';
import { DataType, type Summary_ValueSchema, type TensorProtoSchema } from './tensorboard_pb.js';

/** Something under a tag that one of TensorBoard's plugins shows. */
export type SummaryValue = MessageInitShape<typeof Summary_ValueSchema>;
type Tensor = MessageInitShape<typeof TensorProtoSchema>;

/** A picture, encoded as PNG. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

export function textSummary(tag: string, markdown: string): SummaryValue {
  return summary(tag, 'text', strings([], [utf8(markdown)]));
}

export function imageSummary(tag: string, { width, height, png }: Picture): SummaryValue {
  return summary(tag, 'images', strings([3], [utf8(String(width)), utf8(String(height)), png]));
}

export function histogramSummary(tag: string, { buckets, rows }: Histogram): SummaryValue {
  const tensor = { dtype: DataType.DT_DOUBLE, tensorShape: shape([buckets, 3]), doubleVal: [...rows] };
  return summary(tag, 'histograms', tensor);
}

export type Hyperparameters = Readonly<Record<string, number | string | boolean>>;

/** The settings of a run. TensorBoard joins them with the last values of the run's scalars. `time` in seconds since 1970. */
export function sessionStart(hyperparameters: Hyperparameters, time: number): SummaryValue {
  const hparams = Object.fromEntries(
    Object.entries(hyperparameters).map(([name, value]) => [name, { kind: kindOf(value) }]),
  );
  const value = { hparams, startTimeSecs: time };
  return hparamsSummary('session_start_info', { case: 'sessionStartInfo', value });
}

/** A run is complete. */
export function sessionEnd(time: number): SummaryValue {
  const value = { status: Status.SUCCESS, endTimeSecs: time };
  return hparamsSummary('session_end_info', { case: 'sessionEndInfo', value });
}

function hparamsSummary(
  name: string,
  data: NonNullable<MessageInitShape<typeof HParamsPluginDataSchema>['data']>,
): SummaryValue {
  const content = toBinary(HParamsPluginDataSchema, create(HParamsPluginDataSchema, { data }));
  // All is in the content; a value must have a tensor nevertheless.
  const nothing = { dtype: DataType.DT_FLOAT, tensorShape: shape([0]) };
  return summary(`_hparams_/${name}`, 'hparams', nothing, content);
}

function kindOf(value: number | string | boolean) {
  if (typeof value === 'number') return { case: 'numberValue', value } as const;
  if (typeof value === 'boolean') return { case: 'boolValue', value } as const;
  return { case: 'stringValue', value } as const;
}

function summary(
  tag: string,
  pluginName: string,
  tensor: Tensor,
  content: Uint8Array = new Uint8Array(),
): SummaryValue {
  return { tag, metadata: { pluginData: { pluginName, content } }, value: { case: 'tensor', value: tensor } };
}

function strings(dimensions: readonly number[], values: Uint8Array[]): Tensor {
  return { dtype: DataType.DT_STRING, tensorShape: shape(dimensions), stringVal: values };
}

function shape(dimensions: readonly number[]): NonNullable<Tensor['tensorShape']> {
  return { dim: dimensions.map((size) => ({ size: BigInt(size) })) };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
