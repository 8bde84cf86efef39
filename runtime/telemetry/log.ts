/** The host's log: one JSON object a line. @module */

/** How serious a line is. */
export type LogLevel = "error" | "warning" | "info" | "debug";

/** Takes log lines. */
export interface Logger {
  /** Writes one line with fields of its own beside `time`, `level` and `message`. */
  write(
    level: LogLevel,
    message: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void;
}

/** How a logger is set up. */
export interface LoggerOptions {
  /** Least serious level that is written. @default {"warning"} */
  readonly level?: LogLevel;
  /** Takes one line with its newline. @default {standard error} */
  readonly sink?: (line: string) => void;
  /** The time, milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
}

const LEVELS: readonly LogLevel[] = ["error", "warning", "info", "debug"];
/** Longest text of a line's message or field, UTF-16 units: a plugin must not fill the disk with one call. */
const LONGEST = 8192;

// JSON leaves DEL, the C1 controls and direction marks as they are; a terminal would act on them.
const actedOn = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function escaped(json: string): string {
  return json.replace(
    actedOn,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function short(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Error) return value.message.slice(0, LONGEST);
  return typeof value === "string" && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}

function textOf(line: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(line, short);
  } catch (error) {
    const { time, level, message } = line;
    return JSON.stringify({ time, level, message, fields: error }, short);
  }
}

function toStandardError(line: string): void {
  const bytes = new TextEncoder().encode(line);
  try {
    for (let at = 0; at < bytes.byteLength;) {
      at += Deno.stderr.writeSync(bytes.subarray(at));
    }
  } catch {
    // Whoever read the log has gone. There is nowhere left to say so, and a flow must not end for it.
  }
}

/** Creates a logger; control characters and terminal sequences are escaped, so that no line can pose as another. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "warning", sink = toStandardError, now = Date.now } = options;
  const most = LEVELS.indexOf(level);
  return {
    write(level, message, fields = {}): void {
      if (LEVELS.indexOf(level) > most) return;
      const time = new Date(now()).toISOString();
      // Named twice: first in the line, and no field can replace them.
      const head = { time, level, message };
      sink(`${escaped(textOf({ ...head, ...fields, ...head }))}\n`);
    },
  };
}
