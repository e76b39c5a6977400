// @ts-check
import { createInterface } from 'node:readline';

/**
 * A contender is a process that answers each line {"repeat": n} with {"seconds": s, "peak_rss_bytes": b}: the time of n
 * repetitions of its work. It says {"ready": true, …} once it has done a first one, which is not measured.
 * @param {() => Promise<unknown>} work one repetition
 * @param {object} [facts] what else the first line tells
 */
export async function serve(work, facts = {}) {
  const began = performance.now();
  await work();
  const first = (performance.now() - began) / 1000;
  console.log(JSON.stringify({ ready: true, first_seconds: first, ...facts }));
  for await (const line of createInterface({ input: process.stdin })) {
    const { repeat } = JSON.parse(line);
    const start = performance.now();
    for (let i = 0; i < repeat; i++) await work();
    const seconds = (performance.now() - start) / 1000;
    console.log(JSON.stringify({ seconds, peak_rss_bytes: process.resourceUsage().maxRSS * 1024 }));
  }
}
