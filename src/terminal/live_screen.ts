import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { ANSI_ESCAPE, figures, ProcessOutput, Spinner } from 'listr2';
import { fittingColumns, type TableRow, tableHeader, tableLine } from './live_table.js';
import { mark } from './marks.js';
import { outputText } from './output_text.js';
import { progressLine } from './progress_line.js';
import type { Outcome, Progress, Screen } from './stage.js';

const ERASE_BELOW = `${ANSI_ESCAPE}J`;

/**
 * A terminal. What is done is written once and scrolls away like any output; only the last line, the stage under way,
 * is drawn over, ten times a second. Between draws the cursor waits at the beginning of that line, so that it can be
 * found and erased whatever a change of the terminal's width has made of it.
 */
export class LiveScreen implements Screen {
  private title: string | null = null;
  private latest: Progress | null = null;
  /** Columns of the stage's table; null before its first row. */
  private columns: readonly number[] | null = null;
  private readonly spinner = new Spinner();
  private readonly output: ProcessOutput;

  constructor(private readonly stream: WriteStream) {
    this.output = new ProcessOutput(stream, stream);
    // What others print meanwhile is kept from the line that is drawn over, and follows at the end.
    this.output.hijack();
    // A second Ctrl-C ends the process at once: the cursor must come back.
    process.once('exit', this.close);
  }

  begin(title: string): void {
    this.title = outputText(title);
    this.latest = null;
    this.columns = null;
    this.spinner.start(() => this.write(''));
    this.write('');
  }

  /** Shown with the next draw. */
  progress(progress: Progress): void {
    this.latest = progress;
  }

  line(text: string, row?: TableRow): void {
    this.write(row ? this.tableLines(row) : `${figures.pointerSmall} ${outputText(text)}\n`);
  }

  end(outcome: Outcome, text: string): void {
    this.spinner.stop();
    this.title = null;
    this.write(`${mark(outcome, this.stream)} ${outputText(text)}\n`);
  }

  readonly close = (): void => {
    process.off('exit', this.close);
    this.spinner.stop();
    if (this.title !== null) this.output.toStderr('');
    this.output.release();
  };

  private tableLines(row: TableRow): string {
    const header = this.columns === null;
    this.columns ??= fittingColumns(row.columns, this.room());
    const line = `${tableLine(row, this.columns)}\n`;
    return header ? `${tableHeader(row.columns, this.columns)}\n${line}` : line;
  }

  /** Lines that stay, and below them, the stage under way: one write, so that nothing flickers. */
  private write(lines: string): void {
    const erase = lines === '' ? '' : ERASE_BELOW;
    this.output.toStderr(`${erase}${lines}${this.live()}${ERASE_BELOW}\r`, false);
  }

  private live(): string {
    if (this.title === null) return '';
    const text = this.latest
      ? outputText(progressLine(this.latest, this.room()))
      : this.title.slice(0, this.room());
    return `${styleText('yellow', this.spinner.fetch(), { stream: this.stream })} ${text}`;
  }

  /** Characters beside the spinner. The last column stays free, or the cursor would be on the next line. */
  private room(): number {
    return Math.max(this.stream.columns - 3, 0);
  }
}
