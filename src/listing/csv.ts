/** A row of a CSV file, and the line that it begins in, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * The rows of CSV as RFC 4180 has it: fields between commas, in double quotes where they hold commas, quotes (doubled) or
 * ends of lines. Empty lines are left out, a byte order mark too.
 * @returns the line of a quote that is never closed, in place of the rows
 */
export function parseCsv(text: string): { rows: CsvRow[] } | { unclosed: number } {
  const rows: CsvRow[] = [];
  let fields: string[] = [];
  let line = 1;
  let first = 1;
  const token = /"((?:[^"]|"")*)"(?=,|\r?\n|$)|("(?:[^"]|"")*$)|([^,\r\n]*(?:\r(?!\n)[^,\r\n]*)*)/y;
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; ) {
    token.lastIndex = at;
    const [whole, quoted, unclosed, plain] = token.exec(text)!;
    if (unclosed !== undefined) return { unclosed: line };
    fields.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    line += whole.split('\n').length - 1;
    at += whole.length;
    if (text[at] === ',') {
      at++;
      // A comma at the very end begins a last, empty field.
      if (at === text.length) fields.push('');
      else continue;
    }
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: first, fields });
    fields = [];
    at += text.startsWith('\r\n', at) ? 2 : 1;
    line++;
    first = line;
  }
  return { rows };
}
