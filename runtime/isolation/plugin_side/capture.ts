/** Sends what a plugin writes to console, stdout and stderr to the host's log instead. @module */
import type { LogLevel } from "../worker_protocol.ts";

type Write = (level: LogLevel, message: string) => void;

/** A `console` that writes log lines; methods that only make sense on a terminal do nothing. */
export function capturedConsole(write: Write): Record<string, unknown> {
  const { inspect } = Deno;
  const line = (level: LogLevel) => (...values: unknown[]): void =>
    write(
      level,
      values.map((value) => typeof value === "string" ? value : inspect(value, { colors: false })).join(" "),
    );
  const nothing = (): void => {};
  const console: Record<string, unknown> = {
    error: line("error"),
    warn: line("warning"),
    info: line("info"),
    log: line("info"),
    debug: line("debug"),
    trace: line("debug"),
    dir: line("info"),
    dirxml: line("info"),
    table: line("info"),
    assert: (condition: unknown, ...values: unknown[]): void => {
      if (!condition) line("error")("assertion failed:", ...values);
    },
  };
  for (
    const name of [
      "clear",
      "count",
      "countReset",
      "group",
      "groupCollapsed",
      "groupEnd",
      "profile",
      "profileEnd",
      "time",
      "timeEnd",
      "timeLog",
      "timeStamp",
    ]
  ) console[name] = nothing;
  return Object.freeze(console);
}

/** Stands in for `Deno.stdout` and `Deno.stderr`. */
export function capturedOutput(
  level: LogLevel,
  write: Write,
): Record<string, unknown> {
  const decoder = new TextDecoder();
  const writeSync = (bytes: Uint8Array): number => {
    write(level, decoder.decode(bytes.slice()));
    return bytes.byteLength;
  };
  return Object.freeze({
    writeSync,
    write: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)),
    isTerminal: () => false,
    close: () => {},
    writable: new WritableStream({ write: (chunk) => void writeSync(chunk) }),
  });
}

/** Stands in for `Deno.stdin`: always at its end. */
export function emptyInput(): Record<string, unknown> {
  return Object.freeze({
    readSync: () => null,
    read: () => Promise.resolve(null),
    isTerminal: () => false,
    setRaw: () => {},
    close: () => {},
    readable: new ReadableStream({ start: (controller) => controller.close() }),
  });
}

/** Stands in for `process.stdout` and `process.stderr`. */
export function capturedNodeOutput(
  level: LogLevel,
  write: Write,
): Record<string, unknown> {
  const decoder = new TextDecoder();
  const accept = (chunk: unknown): boolean => {
    write(
      level,
      chunk instanceof Uint8Array ? decoder.decode(chunk.slice()) : String(chunk),
    );
    return true;
  };
  return Object.freeze({
    write: accept,
    end: accept,
    isTTY: false,
    on: () => {},
    once: () => {},
  });
}
