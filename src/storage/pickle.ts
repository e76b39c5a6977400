/**
 * Pickle's opcodes of protocols 2 to 5, as far as torch.save writes them; what they do is in CPython's Lib/pickletools.py.
 * A pickle is a program for a stack machine. This machine builds lists, dicts, numbers and text, and hands names of
 * Python's (globals) and what is to be done with them to `Meanings`: nothing is imported and nothing of the file runs.
 */

/** What a pickle's names mean to a reader. */
export interface Meanings {
  /** What stands for a name, such as "collections.OrderedDict". @throws where it is not known */
  global(name: string): unknown;
  /** What calling one of these gives. */
  call(callee: unknown, args: readonly unknown[]): unknown;
  /** What is kept outside of the pickle, under that id. */
  persistent(id: unknown): unknown;
  /** Makes the error to throw from "expected …, got …". */
  fail(problem: string): Error;
}

/** A dict of Python's. Lists and tuples are arrays. */
export class PickleDict {
  // Made when it is needed: an empty one takes one byte of a pickle, and a hundred here.
  #entries: Map<unknown, unknown> | undefined;

  get entries(): ReadonlyMap<unknown, unknown> {
    return this.#entries ?? NO_ENTRIES;
  }

  set(key: unknown, value: unknown): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }
}
const NO_ENTRIES: ReadonlyMap<unknown, unknown> = new Map();

/** A model of a thousand tensors, with the state of an optimizer, has a tenth of it. */
const MAX_OPERATIONS = 500_000;
const MAX_NAME_BYTES = 1000;
const MAX_INTEGER_BYTES = 255;

/** Reads one pickle that begins at `start`. @returns what it built, and the place behind its last opcode */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  meanings: Meanings,
): { value: unknown; end: number } {
  const machine = new PickleMachine(bytes, start, meanings);
  for (let operations = 0; operations < MAX_OPERATIONS; operations++) {
    const opcode = machine.byte();
    if (opcode === STOP) return { value: machine.pop(), end: machine.at };
    const operation = OPERATIONS.get(opcode);
    if (!operation) {
      const text = `0x${opcode.toString(16).padStart(2, '0')}`;
      throw meanings.fail(`expected a pickle as torch.save writes it, got the opcode ${text}`);
    }
    operation(machine);
  }
  throw meanings.fail(`expected a pickle of at most ${MAX_OPERATIONS} opcodes, got more`);
}

class PickleMachine {
  readonly meanings: Meanings;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #stack: unknown[] = [];
  /** What lay on the stack when a MARK was set, for each of them. */
  readonly #marked: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();
  at: number;

  constructor(bytes: Uint8Array, start: number, meanings: Meanings) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.meanings = meanings;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    this.#require(this.#stack.length > 0, 'a value on the stack, got none');
    return this.#stack.pop();
  }

  top(): unknown {
    this.#require(this.#stack.length > 0, 'a value on the stack, got none');
    return this.#stack.at(-1);
  }

  mark(): void {
    this.#marked.push(this.#stack);
    this.#stack = [];
  }

  /** What was pushed since the last MARK. */
  popMark(): unknown[] {
    const items = this.#stack;
    const before = this.#marked.pop();
    if (!before) throw this.meanings.fail('expected a mark on the stack, got none');
    this.#stack = before;
    return items;
  }

  memoize(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    this.#require(this.#memo.has(index), `a value in place ${index} of the memo, got none`);
    this.push(this.#memo.get(index));
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** Without a copy. */
  take(length: number): Uint8Array {
    const rest = this.#bytes.length - this.at;
    this.#require(length <= rest, `${length} bytes more of the pickle, got ${rest}`);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** A little-endian number without a sign, of 2, 4 or 8 bytes. */
  unsigned(size: 2 | 4 | 8): number {
    this.take(size);
    const at = this.at - size;
    if (size === 2) return this.#view.getUint16(at, true);
    return size === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  int32(): number {
    this.take(4);
    return this.#view.getInt32(this.at - 4, true);
  }

  float64(): number {
    this.take(8);
    return this.#view.getFloat64(this.at - 8, false);
  }

  text(length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(length));
    } catch (error) {
      throw error instanceof TypeError
        ? this.meanings.fail('expected text in UTF-8, got other bytes')
        : error;
    }
  }

  /** Text up to the end of a line. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    const length = (end === -1 ? this.#bytes.length : end) - this.at;
    this.#require(end !== -1 && length <= MAX_NAME_BYTES, 'a name on a line of its own, got none');
    const text = this.text(length);
    this.at += 1;
    return text;
  }

  /** Of two's complement, little-endian; a number where it is exact. */
  long(length: number): number | bigint {
    this.#require(
      length <= MAX_INTEGER_BYTES,
      `an integer of at most ${MAX_INTEGER_BYTES} bytes, got ${length}`,
    );
    const hex = Buffer.from(this.take(length)).reverse().toString('hex');
    const value = length === 0 ? 0n : BigInt.asIntN(8 * length, BigInt(`0x${hex}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    this.#require(dict instanceof PickleDict && items.length % 2 === 0, 'a dict and pairs to set in it');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      this.#require(key === null || typeof key !== 'object', 'text or numbers as keys of a dict, got others');
      (dict as PickleDict).set(key, items[i + 1]);
    }
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    this.#require(Array.isArray(list), 'a list to append to');
    for (const item of items) (list as unknown[]).push(item);
  }

  global(module: unknown, name: unknown): void {
    this.#require(
      typeof module === 'string' && typeof name === 'string',
      'names of a module and of what is in it',
    );
    this.push(this.meanings.global(`${module}.${name}`));
  }

  call(): void {
    const args = this.pop();
    this.#require(Array.isArray(args), 'a tuple of arguments');
    this.push(this.meanings.call(this.pop(), args as unknown[]));
  }

  /** Attributes of an object: those of a dict (`_metadata` of a state dict) are of no use here. */
  build(): void {
    this.pop();
    this.#require(this.top() instanceof PickleDict, 'attributes of a dict, got those of something else');
  }

  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  #require(holds: boolean, expected: string): void {
    if (!holds) throw this.meanings.fail(`expected ${expected}`);
  }
}

const STOP = 0x2e;

/** By opcode, a character where it is one. */
const TABLE: readonly (readonly [string | number, (machine: PickleMachine) => unknown])[] = [
  // PROTO and FRAME say what follows, which is seen anyway.
  [0x80, (m) => m.take(1)],
  [0x95, (m) => m.take(8)],
  ['(', (m) => m.mark()],
  ['0', (m) => m.pop()],
  ['1', (m) => m.popMark()],
  ['2', (m) => m.push(m.top())],

  ['N', (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  ['J', (m) => m.push(m.int32())],
  ['K', (m) => m.push(m.byte())],
  ['M', (m) => m.push(m.unsigned(2))],
  [0x8a, (m) => m.push(m.long(m.byte()))],
  [0x8b, (m) => m.push(m.long(m.unsigned(4)))],
  ['G', (m) => m.push(m.float64())],
  ['X', (m) => m.push(m.text(m.unsigned(4)))],
  [0x8c, (m) => m.push(m.text(m.byte()))],
  [0x8d, (m) => m.push(m.text(m.unsigned(8)))],
  ['B', (m) => m.push(m.take(m.unsigned(4)))],
  ['C', (m) => m.push(m.take(m.byte()))],
  [0x8e, (m) => m.push(m.take(m.unsigned(8)))],
  [0x96, (m) => m.push(m.take(m.unsigned(8)))],

  ['}', (m) => m.push(new PickleDict())],
  ['s', (m) => m.setItems(m.popMany(2))],
  ['u', (m) => m.setItems(m.popMark())],
  [']', (m) => m.push([])],
  ['a', (m) => m.append(m.popMany(1))],
  ['e', (m) => m.append(m.popMark())],
  [')', (m) => m.push([])],
  [0x85, (m) => m.push(m.popMany(1))],
  [0x86, (m) => m.push(m.popMany(2))],
  [0x87, (m) => m.push(m.popMany(3))],
  ['t', (m) => m.push(m.popMark())],

  ['q', (m) => m.memoize(m.byte())],
  ['r', (m) => m.memoize(m.unsigned(4))],
  [0x94, (m) => m.memoize()],
  ['h', (m) => m.recall(m.byte())],
  ['j', (m) => m.recall(m.unsigned(4))],

  ['c', (m) => m.global(m.line(), m.line())],
  [0x93, (m) => m.global(...(m.popMany(2) as [unknown, unknown]))],
  ['R', (m) => m.call()],
  ['b', (m) => m.build()],
  ['Q', (m) => m.push(m.meanings.persistent(m.pop()))],
];

const OPERATIONS = new Map(
  TABLE.map(([opcode, operation]) => [typeof opcode === 'string' ? opcode.charCodeAt(0) : opcode, operation]),
);
