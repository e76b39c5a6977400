import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';

/** A terminal that keeps what it shows: as much of one as gnet writes to (text, CR, LF, erase below, colours). */
export class FakeTerminal extends Writable {
  readonly isTTY = true;
  /** Lines from the first one that was ever shown. */
  readonly lines: string[] = [''];
  /** Each piece that was written. */
  readonly pieces: string[] = [];
  cursorIsHidden = false;
  private row = 0;
  private column = 0;

  constructor(public columns: number) {
    super();
  }

  /** A colour terminal's, whatever the one of the tests is (Node also asks for CI, TEAMCITY…); NO_COLOR decides. */
  getColorDepth(): number {
    const { NO_COLOR } = process.env;
    return WriteStream.prototype.getColorDepth.call(this, { TERM: 'xterm-256color', NO_COLOR });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = chunk.toString();
    this.pieces.push(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are made of them
    for (const [token] of text.matchAll(/\x1b\[[?\d;]*[A-Za-z]|[\s\S]/gu)) this.obey(token);
    done();
  }

  /** As a stream that LiveScreen may write to. */
  asStream(): WriteStream {
    return this as unknown as WriteStream;
  }

  private obey(token: string): void {
    if (token === '\r') this.column = 0;
    else if (token === '\n') this.newLine();
    else if (token === '\x1b[J') this.eraseBelow();
    else if (token === '\x1b[?25l') this.cursorIsHidden = true;
    else if (token === '\x1b[?25h') this.cursorIsHidden = false;
    else if (token.startsWith('\x1b') && token.endsWith('m'))
      return; // a colour
    else if (token.startsWith('\x1b')) throw new Error(`unknown sequence ${JSON.stringify(token)}`);
    else this.put(token);
  }

  private put(character: string): void {
    if (this.column === this.columns) this.newLine();
    const line = this.lines[this.row]!.padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1);
    this.column++;
  }

  private newLine(): void {
    this.column = 0;
    this.row++;
    this.lines[this.row] ??= '';
  }

  private eraseBelow(): void {
    this.lines[this.row] = this.lines[this.row]!.slice(0, this.column);
    this.lines.length = this.row + 1;
  }
}
