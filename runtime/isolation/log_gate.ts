/** Lets a plugin's log lines through without letting it flood the log or draw on the terminal. @module */
import type { LogLevel } from "./worker_protocol.ts";

/** Lines a plugin may write at once before it is limited. */
export const LOG_BURST = 200;
/** Lines a second after that. */
const LOG_RATE = 50;
/** Longest line, characters. */
export const LOG_LINE_MAX = 2000;

// Control and direction characters: escape sequences, forged lines, text that hides or turns around.
// deno-lint-ignore no-control-regex
const hidden = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** The line with everything escaped that a terminal would act on. */
export function cleanLine(line: string): string {
  const cut = line.length > LOG_LINE_MAX ? `${line.slice(0, LOG_LINE_MAX)}…` : line;
  return cut.replace(
    hidden,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Passes lines on at a limited rate; what was left out is said in one line. */
export class LogGate {
  readonly #write: (level: LogLevel, message: string) => void;
  readonly #now: () => number;
  #tokens = LOG_BURST;
  #last: number;
  #suppressed = 0;

  /** `now` gives milliseconds. */
  constructor(
    write: (level: LogLevel, message: string) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#write = write;
    this.#now = now;
    this.#last = now();
  }

  /** Takes one line of the plugin. */
  push(level: LogLevel, message: string): void {
    const now = this.#now();
    this.#tokens = Math.min(LOG_BURST, this.#tokens + (now - this.#last) / 1000 * LOG_RATE);
    this.#last = now;
    if (this.#tokens < 1) {
      this.#suppressed++;
      return;
    }
    this.#tokens--;
    this.flush();
    this.#write(level, cleanLine(message));
  }

  /** Says how many lines were left out since the last one. */
  flush(): void {
    if (this.#suppressed === 0) return;
    this.#write("warning", `${this.#suppressed} log lines of the plugin were left out`);
    this.#suppressed = 0;
  }
}
