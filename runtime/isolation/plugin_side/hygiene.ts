/**
 * Takes away what Deno's permissions leave open, before a plugin's first line runs.
 *
 * Hygiene against mistakes and simple tricks, not a wall: `node:` modules still hand out some of it, and whoever breaks
 * the engine has everything. `docs/security.md` says what is left.
 * @module
 */
import type { LogLevel } from "../worker_protocol.ts";
import { capturedConsole, capturedNodeOutput, capturedOutput, emptyInput } from "./capture.ts";

/** What {@linkcode takeAway} needs. */
export interface HygieneOptions {
  /** Takes what the plugin prints. */
  readonly log: (level: LogLevel, message: string) => void;
  /** Told when the plugin tries to end its Worker; the host would not notice otherwise. */
  readonly onExit: (call: string) => void;
}

type Target = Record<PropertyKey, unknown>;

/** Fixes a property, so that it can neither be changed nor defined again. */
function fix(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: false,
    configurable: false,
    enumerable: true,
  });
}

function refusal(what: string): () => never {
  return () => {
    throw new Deno.errors.NotSupported(
      `${what} is not available to a plugin`,
    );
  };
}

/** Globals that reach other plugins, the host's disk or a device without any permission. */
const removedGlobals: readonly string[] = [
  "Worker",
  "BroadcastChannel",
  "caches",
  "CacheStorage",
  "Cache",
  "postMessage",
  "onmessage",
  "onerror",
  "onunhandledrejection",
  "GPU",
  "GPUAdapter",
  "GPUDevice",
  "OffscreenCanvas",
  "LockManager",
  // In a process of its own these are there: storage every plugin shares, and a terminal.
  "localStorage",
  "sessionStorage",
  "Storage",
  "alert",
  "confirm",
  "prompt",
];

/** Objects the bootstrap goes on using while the plugin runs. */
function freezeIntrinsics(): void {
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
  for (
    const object of [
      Atomics,
      JSON,
      Math,
      Reflect,
      Object,
      typedArray,
      Uint8Array,
      Uint8Array.prototype,
      Uint16Array.prototype,
      Uint32Array.prototype,
      Int32Array.prototype,
      TextEncoder.prototype,
      TextDecoder.prototype,
      Promise,
      Promise.prototype,
      EventTarget.prototype,
      AbortController.prototype,
      AbortSignal.prototype,
      Performance.prototype,
    ]
  ) Object.freeze(object);
}

/** Does it; call once, after everything the bootstrap needs has been imported. */
export function takeAway(options: HygieneOptions): void {
  const { log, onExit } = options;
  const scope = globalThis as unknown as Target;
  // Made on first use, and then it changes the console it finds: so before ours is there.
  const process = scope["process"] as Target;
  for (const name of removedGlobals) {
    delete scope[name];
    fix(scope, name, undefined);
  }
  fix(scope, "console", capturedConsole(log));
  const ends = (call: string) => (): never => {
    onExit(call);
    return refusal(call)();
  };
  fix(scope, "close", ends("close()"));
  takeFromDeno(Deno as unknown as Target, log, ends);
  takeFromProcess(process, log, ends);
  const navigator = Object.getPrototypeOf(scope["navigator"]);
  for (const name of ["gpu", "locks"]) fix(navigator, name, undefined);
  freezeIntrinsics();
}

function takeFromDeno(
  deno: Target,
  log: HygieneOptions["log"],
  ends: (call: string) => () => never,
): void {
  // The key itself is a public property; behind it lie raw operations, one of which ends the process.
  const internal = deno["internal"] as symbol;
  delete deno[internal];
  fix(deno, internal, undefined);
  for (
    const name of [
      "kill",
      "addSignalListener",
      "removeSignalListener",
      "refTimer",
      "unrefTimer",
    ]
  ) fix(deno, name, refusal(`Deno.${name}`));
  fix(deno, "exit", ends("Deno.exit()"));
  fix(deno, "args", Object.freeze([]));
  fix(deno, "stdin", emptyInput());
  fix(deno, "stdout", capturedOutput("info", log));
  fix(deno, "stderr", capturedOutput("warning", log));
}

function takeFromProcess(
  process: Target,
  log: HygieneOptions["log"],
  ends: (call: string) => () => never,
): void {
  for (const name of ["kill", "_kill", "binding", "dlopen", "chdir"]) {
    fix(process, name, refusal(`process.${name}`));
  }
  for (const name of ["exit", "reallyExit", "abort"]) {
    fix(process, name, ends(`process.${name}()`));
  }
  fix(process, "argv", Object.freeze([]));
  fix(process, "execArgv", Object.freeze([]));
  fix(process, "stdin", emptyInput());
  fix(process, "stdout", capturedNodeOutput("info", log));
  fix(process, "stderr", capturedNodeOutput("warning", log));
  // Listeners here would swallow signals of the host and errors the host has to hear of.
  for (
    const name of [
      "on",
      "once",
      "addListener",
      "prependListener",
      "prependOnceListener",
    ]
  ) fix(process, name, refusal(`process.${name}`));
}
