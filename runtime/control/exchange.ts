/** Exchanges one part for another behind a gate. @module */
import type { Part } from "../connector/contract.ts";
import type { Exchange } from "./replaceable_part.ts";
import { replaceFailed } from "./require_shape.ts";
import type { SwapGate } from "./swap_gate.ts";

/** How long what is under way may take to end before an exchange is given up, milliseconds. */
const EXCHANGE_MS = 30_000;

/** What {@linkcode exchange} needs. */
export interface ExchangeOptions {
  /** `flow/connector`. */
  readonly alias: string;
  /** What calls of the part pass. */
  readonly gate: SwapGate;
  /** The part that goes. */
  readonly old: Part;
  /** Puts the next one in its place. */
  readonly swap: () => void;
  /** Whether the node was closed meanwhile, and the old part with it. */
  readonly closed: () => boolean;
  /** Told what the old part throws at its end. */
  readonly onError: (thrown: unknown) => void;
}

/**
 * Lets the old part end what it has begun, puts the next in its place, and closes the old.
 *
 * @throws {CaissonError} `CAISSON_REPLACE_FAILED` when the old part does not end, or its flow has; then nothing has changed
 */
export async function exchange({ alias, gate, old, swap, closed, onError }: ExchangeOptions): Promise<Exchange> {
  const from = performance.now();
  const empty = await gate.close(EXCHANGE_MS);
  try {
    if (closed()) throw replaceFailed(alias, "its flow ended meanwhile");
    if (!empty) throw replaceFailed(alias, `calls that did not end within ${EXCHANGE_MS} ms`);
    swap();
  } finally {
    gate.open();
  }
  const pauseMs = performance.now() - from;
  try {
    await old.close();
  } catch (thrown) {
    onError(thrown);
  }
  return { pauseMs };
}
