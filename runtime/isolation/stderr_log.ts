/** What a plugin process writes to its standard error, as lines of the host's log. @module */

/** Bytes in one second that are looked at; the rest is read and thrown away. */
const BYTES_A_SECOND = 1 << 20;
/** Longest line that is kept whole, characters. */
const LINE_MAX = 2000;

/** Lines that say why a process is about to end, as V8, Rust and the sanitizers write them. */
const telling = /fatal error|out of memory|panicked|sanitizer:/i;

/** What `ffi/confine` says of the first call of each kind that it refused. A plugin can say it, too: it only harms itself. */
const refusal = /^caisson sandbox: refused ([a-z0-9_ ]{1,40} \(\d{1,4}\))$/;
/** Refusals of one process that are told: there are no more kinds of calls than that worth knowing of. */
const REFUSALS_MOST = 32;

/** Who hears what a process wrote. */
export interface StderrListeners {
  /** Takes each line. */
  readonly line: (line: string) => void;
  /** Takes each kind of system call that was refused, `name (number)`. */
  readonly refused: (call: string) => void;
}

/** Reads until the process ends. */
export class StderrLog {
  /** Resolves when there is nothing more to come. */
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #listeners: StderrListeners;
  readonly #refused = new Set<string>();
  readonly #decoder = new TextDecoder();
  #rest = "";
  #lastWords: string | undefined;

  /** Starts to read. */
  constructor(stream: ReadableStream<Uint8Array>, listeners: StderrListeners) {
    this.#reader = stream.getReader();
    this.#listeners = listeners;
    this.done = this.#read();
  }

  /** The first line that told why the process is ending. */
  get lastWords(): string | undefined {
    return this.#lastWords;
  }

  /** The first system call that was refused, `name (number)`. */
  get firstRefused(): string | undefined {
    return this.#refused.values().next().value;
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
    const call = refusal.exec(cut)?.[1];
    if (call !== undefined && this.#refused.size < REFUSALS_MOST && !this.#refused.has(call)) {
      this.#refused.add(call);
      this.#listeners.refused(call);
    }
    this.#listeners.line(`stderr: ${cut}`);
  }
}
