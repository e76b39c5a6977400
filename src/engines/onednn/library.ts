import koffi from 'koffi';
import { EngineError } from '../engine_error.js';

/** The address of one of the library's objects; 0 stands for none. */
export type Pointer = bigint;

/** A function of the library's C API; null where a pointer may be left out. */
type Word = Pointer | number | null | ArrayBufferView;
type Call = (...words: Word[]) => void;
/** A function whose first parameter receives what it makes. */
type Maker = (...words: Word[]) => Pointer;

/** dnnl_status_t. */
const STATUS = [
  'success',
  'out of memory',
  'invalid arguments',
  'unimplemented',
  'last implementation reached',
];

const GEOMETRY = 'int64_t *strides, int64_t *dilates, int64_t *padding_l, int64_t *padding_r';
const WINDOW = 'int64_t *strides, int64_t *kernel, int64_t *dilation, int64_t *padding_l, int64_t *padding_r';

/** What is made through the API, by the function's name without its prefix, with its parameters behind the first. */
const MAKERS = {
  engine_create: 'int kind, size_t index',
  stream_create: 'void *engine, uint flags',
  memory_create: 'void *md, void *engine, void *handle',
  memory_desc_create_with_tag: 'int ndims, int64_t *dims, int type, int tag',
  memory_desc_create_with_strides: 'int ndims, int64_t *dims, int type, int64_t *strides',
  memory_desc_create_submemory: 'void *parent, int64_t *dims, int64_t *offsets',
  primitive_attr_create: '',
  post_ops_create: '',
  convolution_forward_primitive_desc_create: `void *engine, int prop, int alg, void *src, void *weights, void *bias, void *dst, ${GEOMETRY}, void *attr`,
  convolution_backward_data_primitive_desc_create: `void *engine, int alg, void *diff_src, void *weights, void *diff_dst, ${GEOMETRY}, void *hint, void *attr`,
  convolution_backward_weights_primitive_desc_create: `void *engine, int alg, void *src, void *diff_weights, void *diff_bias, void *diff_dst, ${GEOMETRY}, void *hint, void *attr`,
  pooling_forward_primitive_desc_create: `void *engine, int prop, int alg, void *src, void *dst, ${WINDOW}, void *attr`,
  pooling_backward_primitive_desc_create: `void *engine, int alg, void *diff_src, void *diff_dst, ${WINDOW}, void *hint, void *attr`,
  eltwise_forward_primitive_desc_create:
    'void *engine, int prop, int alg, void *src, void *dst, float alpha, float beta, void *attr',
  eltwise_backward_primitive_desc_create:
    'void *engine, int alg, void *diff_src, void *diff_dst, void *data, float alpha, float beta, void *hint, void *attr',
  binary_primitive_desc_create: 'void *engine, int alg, void *src0, void *src1, void *dst, void *attr',
  sum_primitive_desc_create: 'void *engine, void *dst, int n, float *scales, void *srcs, void *attr',
  concat_primitive_desc_create: 'void *engine, void *dst, int n, int axis, void *srcs, void *attr',
  reorder_primitive_desc_create: 'void *src, void *src_engine, void *dst, void *dst_engine, void *attr',
  batch_normalization_forward_primitive_desc_create:
    'void *engine, int prop, void *src, void *dst, float epsilon, uint flags, void *attr',
  batch_normalization_backward_primitive_desc_create:
    'void *engine, int prop, void *diff_src, void *diff_dst, void *src, float epsilon, uint flags, void *hint, void *attr',
  primitive_create: 'void *pd',
} as const;

/** What changes something that is there, or takes it away. */
const CALLS = {
  memory_set_data_handle: 'void *memory, uintptr_t handle',
  primitive_execute: 'void *primitive, void *stream, int n, void *args',
  stream_wait: 'void *stream',
  post_ops_append_eltwise: 'void *post_ops, int alg, float alpha, float beta',
  primitive_attr_set_post_ops: 'void *attr, void *post_ops',
  memory_desc_destroy: 'void *md',
  memory_destroy: 'void *memory',
  primitive_destroy: 'void *primitive',
  primitive_desc_destroy: 'void *pd',
  primitive_attr_destroy: 'void *attr',
  post_ops_destroy: 'void *post_ops',
} as const;

/** oneDNN's C API (oneapi-src/oneDNN, include/oneapi/dnnl/dnnl.h, version 3). Calls throw an EngineError for any status but success. */
export interface Library {
  readonly make: Readonly<Record<keyof typeof MAKERS, Maker>>;
  readonly call: Readonly<Record<keyof typeof CALLS, Call>>;
  /** A descriptor that belongs to the primitive descriptor. @param what dnnl_query_t */
  queryDesc(pd: Pointer, what: number): Pointer;
  /** Bytes of what a descriptor describes. */
  sizeOf(md: Pointer): number;
  areEqual(a: Pointer, b: Pointer): boolean;
  /** The number of a layout, dnnl_format_tag_t, by its name, such as "aBcd8b". */
  tag(name: string): number;
  /** "3.2.0". */
  readonly version: string;
  /** Of all that the calling thread computes from now on. */
  setThreads(count: number): void;
}

/**
 * Loads oneDNN built for the CPU with GNU's OpenMP.
 * @throws Error where the linker cannot load it, or a function of the API is missing
 */
export function loadLibrary(path: string): Library {
  // How long a thread waits for the next primitive before it sleeps: longer than the gap between two, much shorter than
  // what others (ONNX Runtime, the decoders of images) compute on the same cores in between.
  process.env.GOMP_SPINCOUNT ??= '20000';
  const lib = koffi.load(path);
  const openmp = koffi.load('libgomp.so.1');
  const status = (name: string, parameters: string) => {
    const run = lib.func(`int dnnl_${name}(${parameters})`) as (...words: unknown[]) => number;
    return (...words: unknown[]) => {
      const code = run(...words);
      if (code !== 0) throw new EngineError(`oneDNN: ${name}: ${STATUS[code] ?? `status ${code}`}`);
    };
  };
  const make = mapped(MAKERS, (name, parameters): Maker => {
    const run = status(name, `_Out_ void **made${parameters && `, ${parameters}`}`);
    return (...words) => {
      const made: [Pointer | null] = [null];
      run(made, ...words);
      return made[0]!;
    };
  });
  const call = mapped(CALLS, (name, parameters): Call => status(name, parameters));
  const query = lib.func('void *dnnl_primitive_desc_query_md(void *pd, int what, int index)');
  const size = lib.func('size_t dnnl_memory_desc_get_size(void *md)');
  const equal = lib.func('int dnnl_memory_desc_equal(void *a, void *b)');
  const setThreads = openmp.func('void omp_set_num_threads(int count)');
  const tags = tagNumbers(lib);
  return {
    make,
    call,
    tag: (name) => tags.get(name)!,
    queryDesc: (pd, what) => query(pd, what, 0) as Pointer,
    sizeOf: (md) => Number(size(md)),
    areEqual: (a, b) => equal(a, b) === 1,
    version: versionOf(lib),
    setThreads: (count) => setThreads(count),
  };
}

/** Numbers of layouts differ between versions; their names do not. */
function tagNumbers(lib: ReturnType<typeof koffi.load>): Map<string, number> {
  const name = lib.func('const char *dnnl_fmt_tag2str(int tag)') as (tag: number) => string;
  const numbers = new Map<string, number>();
  for (let tag = 0; tag < 1000 && !numbers.has('format_tag_last'); tag++)
    if (!numbers.has(name(tag))) numbers.set(name(tag), tag);
  return numbers;
}

function versionOf(lib: ReturnType<typeof koffi.load>): string {
  const version = lib.func('void *dnnl_version()')() as Pointer;
  return (koffi.decode(version, koffi.array('int', 3)) as number[]).join('.');
}

function mapped<Key extends string, T>(
  table: Readonly<Record<Key, string>>,
  make: (name: Key, parameters: string) => T,
): Record<Key, T> {
  const names = Object.keys(table) as Key[];
  return Object.fromEntries(names.map((name) => [name, make(name, table[name])])) as Record<Key, T>;
}

/** The address of memory that JavaScript owns; valid as long as somebody holds the view. */
export function addressOf(view: ArrayBufferView): Pointer {
  return koffi.address(view) as Pointer;
}
