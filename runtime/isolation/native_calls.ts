/** Calls that block a thread of Deno's pool: how many at once, and how long. @module */
import { CaissonError } from "../errors/caisson_error.ts";

/**
 * Blocked calls in the whole process. Deno has 32 pool threads and shares them with file I/O: with all of them parked,
 * reading a file takes seconds.
 */
const MOST_BLOCKED = 8;

let blocked = 0;
const waiting: (() => void)[] = [];

/** Calls that are blocked now, and those that wait for their turn. */
export function blockedCalls(): { readonly running: number; readonly waiting: number } {
  return { running: blocked, waiting: waiting.length };
}

/** Runs a call on a pool thread as soon as fewer than eight others are blocked, first come, first served. */
export async function callBlocking<Result>(call: () => Promise<Result>): Promise<Result> {
  if (blocked >= MOST_BLOCKED) await new Promise<void>((resolve) => waiting.push(resolve));
  else blocked++;
  try {
    return await call();
  } finally {
    // The slot passes to the next in line without becoming free, so that nobody jumps the queue.
    const next = waiting.shift();
    if (next === undefined) blocked--;
    else next();
  }
}

/** How {@linkcode withDeadline} tells who was late. */
export interface DeadlineOptions {
  /** Alias and function, for the error. */
  readonly subject: string;
  /** Longest wait, milliseconds. */
  readonly deadlineMs: number;
}

/**
 * Waits for a call, but no longer than its deadline; the call itself goes on.
 *
 * @throws {CaissonError} `CAISSON_PLUGIN_TIMEOUT`
 */
export async function withDeadline<Result>(call: Promise<Result>, options: DeadlineOptions): Promise<Result> {
  const { subject, deadlineMs } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() =>
      reject(
        new CaissonError("CAISSON_PLUGIN_TIMEOUT", {
          subject,
          found: `no answer after ${deadlineMs} ms`,
        }),
      ), deadlineMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
