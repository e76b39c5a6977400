import { afterEach, expect, it, vi } from 'vitest';
import { UserError } from '../../src/errors.js';
import { growMemory, SharedMemory, wasmMemory } from '../../src/model/wasm_memory.js';

afterEach(() => vi.restoreAllMocks());

it('is as large as asked for, in whole pages', () => {
  expect(wasmMemory(65_537, 'two pages').buffer.byteLength).toBe(2 * 65_536);
});

it('says what it was for and how much, where the machine does not have it', () => {
  vi.spyOn(WebAssembly, 'Memory').mockImplementation(function refuse() {
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  });
  const asked = () => wasmMemory(3 * 2 ** 30 + 1, 'the values');
  expect(asked).toThrow(UserError);
  expect(asked).toThrow('memory: the values take 3.1 GiB, which could not be had');
});

it('grows to what is asked for and keeps what it holds', () => {
  const memory = wasmMemory(65_536, 'a page');
  new Uint8Array(memory.buffer)[7] = 3;
  const before = memory.buffer;
  growMemory(memory, 65_536, 'a page');
  expect(memory.buffer).toBe(before);
  growMemory(memory, 65_537, 'two pages');
  expect(memory.buffer.byteLength).toBe(2 * 65_536);
  expect(new Uint8Array(memory.buffer)[7]).toBe(3);
  expect(before.byteLength).toBe(0);
});

it('says what it grew for where the machine does not have that much', () => {
  const memory = wasmMemory(1, 'a byte');
  expect(() => growMemory(memory, 2 ** 33, 'the values')).toThrow(
    'memory: the values take 8.0 GiB, which could not be had',
  );
});

it('is shared by whatever is needed in turn, as large as the largest', () => {
  const shared = new SharedMemory('the values');
  const memory = shared.reserve(70_000);
  expect(memory.buffer.byteLength).toBe(2 * 65_536);
  expect(shared.reserve(10)).toBe(memory);
  expect(memory.buffer.byteLength).toBe(2 * 65_536);
  expect(shared.reserve(200_000)).toBe(memory);
  expect(memory.buffer.byteLength).toBe(4 * 65_536);
});
