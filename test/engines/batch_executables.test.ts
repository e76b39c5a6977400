import { describe, expect, it } from 'vitest';
import { BatchExecutables } from '../../src/engines/batch_executables.js';

/** Executables that tell what becomes of them. */
function watched() {
  const events: string[] = [];
  const executables = new BatchExecutables(async (size) => {
    events.push(`open ${size}`);
    return { release: async () => void events.push(`release ${size}`) };
  });
  const run = (size: number) => executables.run(size, async () => void events.push(`run ${size}`));
  /** What happened since the last call. */
  const happened = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return events.splice(0);
  };
  return { executables, run, happened };
}

describe('BatchExecutables', () => {
  it('keeps that of the largest batch open, and any other while it runs', async () => {
    const { executables, run, happened } = watched();
    await executables.prepare(4);
    expect(await happened()).toEqual(['open 4']);
    for (const size of [4, 3, 4, 3]) await run(size);
    expect(await happened()).toEqual([
      ...['run 4', 'open 3', 'run 3', 'release 3'],
      ...['run 4', 'open 3', 'run 3', 'release 3'],
    ]);
    expect(executables.largest).toBe(4);
  });

  it('lets a larger batch take the place', async () => {
    const { executables, run, happened } = watched();
    await run(1);
    await Promise.all([executables.prepare(2), executables.prepare(3)]);
    await run(3);
    const events = await happened();
    expect(events.filter((event) => event.startsWith('release'))).toEqual(['release 1', 'release 2']);
    expect(events.at(-1)).toBe('run 3');
    executables.release();
    expect(await happened()).toEqual(['release 3']);
    expect(executables.largest).toBe(0);
  });

  it('releases what an error ends, too', async () => {
    const { executables, happened } = watched();
    await executables.prepare(2);
    const failing = executables.run(1, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await happened()).toEqual(['open 2', 'open 1', 'release 1']);
  });

  it('what cannot be opened is the error of whoever wants it, and of nobody else', async () => {
    const executables = new BatchExecutables(async (): Promise<{ release(): Promise<void> }> => {
      throw new Error('no provider');
    });
    await expect(executables.prepare(2)).rejects.toThrow('no provider');
    await expect(executables.run(2, async () => {})).rejects.toThrow('no provider');
    executables.release();
    await new Promise((resolve) => setImmediate(resolve));
  });
});
