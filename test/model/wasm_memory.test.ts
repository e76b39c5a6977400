import { afterEach, expect, it, vi } from 'vitest';
import { UserError } from '../../src/errors.js';
import { wasmMemory } from '../../src/model/wasm_memory.js';

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
