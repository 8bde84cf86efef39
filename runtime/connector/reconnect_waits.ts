/** How long to wait before each attempt to connect. @module */
import type { Reconnect } from "../flow/flow_definition.ts";

/** Wait before the one attempt that follows a lost connection where the flow names no strategy, milliseconds. */
const DEFAULT_WAIT_MS = 1000;

/** What {@linkcode reconnectWaits} needs to know. */
export interface ReconnectWaitsOptions {
  /** The strategy. @default {"none"} */
  readonly reconnect: Reconnect | "none" | undefined;
  /** Whether there was a connection before: then even `none` tries once more. */
  readonly connectedBefore: boolean;
  /** A number of [0, 1). @default {Math.random} */
  readonly random?: () => number;
}

/** The waits before the attempts that follow a failed one or a loss, milliseconds; it ends when there is to be none. */
export function* reconnectWaits(options: ReconnectWaitsOptions): Generator<number, void, void> {
  const { reconnect, connectedBefore, random = Math.random } = options;
  if (reconnect === undefined || reconnect === "none") {
    if (connectedBefore) yield DEFAULT_WAIT_MS;
    return;
  }
  const { intervalMs, growth = 1.5, maxRetries = Infinity, maxIntervalMs = Infinity, randomized = false } = reconnect;
  let wait = Math.min(intervalMs, maxIntervalMs);
  for (let retry = 0; retry < maxRetries; retry++) {
    // Many that lost the same server at once must not come back at once.
    yield randomized ? Math.min(wait * (1 + random() * (growth - 1)), maxIntervalMs) : wait;
    wait = Math.min(wait * growth, maxIntervalMs);
  }
}
