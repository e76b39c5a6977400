/** 0.91234 → "91.23 %". */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** Seconds as "42 s", "3 min 05 s" or "2 h 07 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** Images a second since `start` (performance.now()). */
export function rate(images: number, start: number): string {
  return imagesPerSecond((images * 1000) / (performance.now() - start));
}

export function imagesPerSecond(value: number): string {
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} images/s`;
}

/** 1234567 → "1,234,567". */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Bytes as "169.9 MB". */
export function bytes(count: number): string {
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/**
 * Rows of cells as lines of plain text, columns side by side.
 * @param alignRight whether the column of that number (from 0) is aligned to the right, as numbers are
 */
export function table(rows: readonly (readonly string[])[], alignRight: (column: number) => boolean): string {
  const widths: number[] = [];
  for (const [column, cell] of rows.flatMap((cells) => [...cells.entries()])) {
    widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) =>
        alignRight(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}
