/** What a TypeScript component is given when it is created. @module */
import type { Context, Json, Logger, Tools } from "@caisson/plugin";
import type { LogLevel } from "../worker_protocol.ts";

/** What {@linkcode createContext} needs. */
export interface ContextOptions {
  /** `flow/connector`. */
  readonly alias: string;
  /** Checked configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Aborted when the component has to stop. */
  readonly signal: AbortSignal;
  /** Takes log lines. */
  readonly log: (level: LogLevel, message: string) => void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Waits, or rejects with the signal's reason. */
export function sleepUntil(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Builds the context of one component; everything in it is frozen. */
export function createContext(options: ContextOptions): Context {
  const { alias, config, signal, log } = options;
  const logger: Logger = {
    error: (message) => log("error", String(message)),
    warning: (message) => log("warning", String(message)),
    info: (message) => log("info", String(message)),
    debug: (message) => log("debug", String(message)),
  };
  const tools: Tools = {
    encode: (text) => encoder.encode(text),
    // A view of shared memory decodes ten times slower than a copy of it.
    decode: (bytes) => decoder.decode(bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice()),
    sleep: (milliseconds) => sleepUntil(milliseconds, signal),
  };
  return Object.freeze({
    alias,
    config: config as Readonly<Record<string, Json>>,
    signal,
    log: Object.freeze(logger),
    tools: Object.freeze(tools),
  });
}
