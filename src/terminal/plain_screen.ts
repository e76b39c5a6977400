import { figures } from 'listr2';
import { mark } from './marks.js';
import { outputText } from './output_text.js';
import { progressText } from './progress_line.js';
import type { Outcome, Progress, Screen } from './stage.js';

/** More lines than this would hide in a log what matters. */
const INTERVAL_MS = 10_000;

/** Lines for logs and CI: nothing is ever drawn over. */
export class PlainScreen implements Screen {
  private shown = 0;

  constructor(private readonly stream: NodeJS.WritableStream) {}

  begin(title: string): void {
    this.shown = performance.now();
    this.write(mark('begun', this.stream), title);
  }

  progress(progress: Progress): void {
    const now = performance.now();
    if (now - this.shown < INTERVAL_MS) return;
    this.shown = now;
    this.line(progressText(progress));
  }

  line(text: string): void {
    this.write(figures.pointerSmall, text);
  }

  end(outcome: Outcome, text: string): void {
    this.write(mark(outcome, this.stream), text);
  }

  close(): void {}

  private write(mark: string, text: string): void {
    this.stream.write(`${mark} ${outputText(text)}\n`);
  }
}
