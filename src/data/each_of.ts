/** Calls `act` with each number from 0 to count − 1, at most `atOnce` at the same time. Rejects with the first error. */
export async function eachOf(count: number, atOnce: number, act: (index: number) => Promise<void>) {
  let next = 0;
  const workers = Array.from({ length: Math.min(atOnce, count) }, async () => {
    while (next < count) await act(next++);
  });
  await Promise.all(workers);
}
