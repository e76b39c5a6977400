/** 0.91234 → "91.23 %". */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** Seconds as "42 s", "3 min 05 s" or "2 h 07 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** Seconds as "0:42", "3:05" or "2:07:30": short, for tables. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours === 0 ? `${minutes}:${two(whole % 60)}` : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** Images a second since `start` (performance.now()). */
export function rate(images: number, start: number): string {
  return imagesPerSecond((images * 1000) / (performance.now() - start));
}

export function imagesPerSecond(value: number): string {
  return `${speed(value)} images/s`;
}

/** A number a second: whole, or with one digit where it is small. */
export function speed(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}

/** "1 epoch", "8 epochs". */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** 1234567 → "1,234,567". */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Bytes as "169.9 MB" or "25.3 GB". */
export function bytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`;
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** A probability: 0.034, or 1.2e-7. */
export function probability(p: number): string {
  return p < 1e-4 ? p.toExponential(1) : String(Number(p.toPrecision(2)));
}
