/** Waiting that ends early when it is told to, and a turn for everybody else. @module */
import { setImmediate } from "node:timers";

/** A timer that is set for longer rings at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Resolves after `milliseconds`, or at once when the signal is aborted; never rejects. */
export function sleep(
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(milliseconds, LONGEST_MS));
    signal.addEventListener("abort", done);
  });
}

/** Lets timers, sockets and other flows run. `setTimeout(0)` would cost a millisecond each time. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}
