/** What a plugin process writes to its standard error, as lines of the host's log. @module */

/** Bytes in one second that are looked at; the rest is read and thrown away. */
const BYTES_A_SECOND = 1 << 20;
/** Longest line that is kept whole, characters. */
const LINE_MAX = 2000;

/** Lines that say why a process is about to end, as V8, Rust and the sanitizers write them. */
const telling = /fatal error|out of memory|panicked|sanitizer:/i;

/** Reads until the process ends. */
export class StderrLog {
  /** Resolves when there is nothing more to come. */
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #push: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #lastWords: string | undefined;

  /** `push` takes each line. */
  constructor(stream: ReadableStream<Uint8Array>, push: (line: string) => void) {
    this.#reader = stream.getReader();
    this.#push = push;
    this.done = this.#read();
  }

  /** The first line that told why the process is ending. */
  get lastWords(): string | undefined {
    return this.#lastWords;
  }

  /** Stops reading. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async #read(): Promise<void> {
    let second = 0;
    let bytes = 0;
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        const now = Math.floor(performance.now() / 1000);
        bytes = now === second ? bytes + value.length : value.length;
        second = now;
        if (bytes <= BYTES_A_SECOND) this.#take(this.#decoder.decode(value, { stream: true }));
      }
    } catch {
      // Cancelled: the process has been stopped.
    }
    if (this.#rest !== "") this.#line(this.#rest);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!.slice(0, LINE_MAX);
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const cut = line.slice(0, LINE_MAX).trimEnd();
    if (cut === "") return;
    if (this.#lastWords === undefined && telling.test(cut)) this.#lastWords = cut.slice(0, 300);
    this.#push(`stderr: ${cut}`);
  }
}
