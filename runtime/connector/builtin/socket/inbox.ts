/** What connections have brought, waiting to be read by a source. @module */
import type { Batch } from "../../../data/batch.ts";
import type { PollResult, StreamNotice } from "../../contract.ts";
import type { Connection, Reading } from "./connection.ts";

const FILLED: PollResult = { state: "filled" };
const ENDED: PollResult = { state: "ended" };

/**
 * Pieces of many connections go into one batch, one record each, in turn. A connection whose piece was not taken reads
 * no further, so that a slow flow slows its peers.
 */
export class Inbox implements Reading {
  readonly #messages: boolean;
  readonly #onOver: (connection: Connection, lost: unknown) => void;
  readonly #ready: Connection[] = [];
  #notices: StreamNotice[] = [];
  #ended = false;
  #failure: { readonly thrown: unknown } | undefined;
  /** Who waits to have this batch filled. */
  #waiting: Batch | undefined;
  #resolve!: (result: PollResult) => void;
  #reject!: (thrown: unknown) => void;
  // Made once: a wait is not to cost functions of its own.
  readonly #executor = (resolve: (result: PollResult) => void, reject: (thrown: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  /**
   * @param signal ends a wait
   * @param onOver told when a connection has nothing more to read
   * @param messages whether pieces are messages, to be handed over whole
   */
  constructor(signal: AbortSignal, onOver: (connection: Connection, lost: unknown) => void, messages = false) {
    this.#messages = messages;
    this.#onOver = onOver;
    signal.addEventListener("abort", () => this.wake(), { once: true });
  }

  onBytes(connection: Connection): void {
    this.#ready.push(connection);
    this.wake();
  }

  onEnd(connection: Connection, lost: unknown): void {
    this.#notices.push({ stream: connection.stream, state: connection.ended === "read" ? "ended" : "lost" });
    this.#onOver(connection, lost);
    this.wake();
  }

  /** Nothing will come any more, once what is there was read. */
  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** The next read throws. */
  fail(thrown: unknown): void {
    this.#failure = { thrown };
    this.wake();
  }

  /** Ends a wait, so that the manager looks around. */
  wake(): void {
    const batch = this.#waiting;
    if (batch === undefined) return;
    this.#waiting = undefined;
    try {
      this.#resolve(this.#hand(batch));
    } catch (thrown) {
      this.#reject(thrown);
    }
  }

  /** Hands over what is there, or waits for the first that comes. */
  poll(batch: Batch, signal: AbortSignal): PollResult | Promise<PollResult> {
    if (this.#ready.length > 0 || this.#notices.length > 0 || this.#ended || this.#failure !== undefined) {
      return this.#hand(batch);
    }
    if (signal.aborted) return FILLED;
    this.#waiting = batch;
    return new Promise(this.#executor);
  }

  #hand(batch: Batch): PollResult {
    const now = performance.timeOrigin + performance.now();
    const { arena } = batch;
    const ready = this.#ready;
    let at = 0;
    for (; at < ready.length && batch.count < batch.capacity; at++) {
      const connection = ready[at]!;
      if (this.#messages) {
        if (!appendMessage(batch, connection, now)) break;
        continue;
      }
      const start = batch.arenaUsed;
      if (start >= arena.byteLength) break;
      const whole = connection.available <= arena.byteLength - start;
      const length = connection.take(arena, start);
      batch.append(0, start, length, now);
      batch.setPartition(batch.count - 1, connection.stream);
      batch.arenaUsed = Math.min(arena.byteLength, start + length + 7 & ~7);
      connection.unsettled++;
      if (!whole) break;
    }
    if (at === 1 && ready.length === 1) ready.pop();
    else ready.splice(0, at);
    if (this.#ready.length > 0) return FILLED;
    if (this.#notices.length > 0) {
      const streams = this.#notices;
      this.#notices = [];
      return { state: this.#ended ? "ended" : "filled", streams };
    }
    if (batch.count === 0 && this.#failure !== undefined) {
      const { thrown } = this.#failure;
      this.#failure = undefined;
      throw thrown;
    }
    return this.#ended && batch.count === 0 ? ENDED : FILLED;
  }
}

/** Hands over a message whole: one that fits into no arena has a segment of its own in an empty batch. */
function appendMessage(batch: Batch, connection: Connection, now: number): boolean {
  const { arena, arenaUsed, count } = batch;
  const length = connection.available;
  if (length <= arena.byteLength - arenaUsed) {
    batch.append(0, arenaUsed, length, now);
    batch.arenaUsed = Math.min(arena.byteLength, arenaUsed + length + 7 & ~7);
    connection.take(arena, arenaUsed);
  } else if (count === 0) {
    const bytes = new Uint8Array(length);
    connection.take(bytes);
    batch.append(batch.addSegment(bytes), 0, length, now);
  } else return false;
  batch.setPartition(batch.count - 1, connection.stream);
  connection.unsettled++;
  return true;
}
