/** A source of a plugin that can be exchanged while its flow runs. @module */
import type { PollResult, SourcePart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import { ForwardingPart } from "./forwarding_part.ts";
import type { Exchange, LaunchedPart, Replaceable, ReplaceableOptions } from "./replaceable_part.ts";
import { replaceFailed, requireShape } from "./require_shape.ts";

const AGAIN: PollResult = { state: "idle", retryAfterMs: 0 };
/** While the old part is asked: it answers at once, or waits for something that takes longer. */
const SOON: PollResult = { state: "idle", retryAfterMs: 1 };

/** A part, and how many of its batches have no verdict yet. */
interface Reader {
  readonly part: SourcePart;
  readonly stop: () => void;
  unsettled: number;
  /** It reads no more, and is closed when its last batch is settled. */
  retired: boolean;
}

/** An exchange under way. */
interface Swap {
  readonly next: Reader;
  readonly from: number;
  readonly done: PromiseWithResolvers<Exchange>;
  /**
   * `asked`: the old part was asked to publish what it holds; `answered`: it has, and what it published is still there.
   * Whoever found no room in time may answer and hold something all the same: as long as anything comes, it is asked again.
   */
  state: "asked" | "answered";
  /** Whether anything came since it was asked. */
  came: boolean;
}

/**
 * Reads from the part there is. In an exchange the old one stops, what it has read is taken, and only then the next one is
 * connected and read: what follows in a stream never overtakes. The old part stays until its batches have their verdicts.
 */
export class ReplaceableSource extends ForwardingPart implements SourcePart, Replaceable {
  readonly produces: SourcePart["produces"];
  readonly codec?: string;
  readonly wholeRecords?: boolean;
  readonly #options: ReplaceableOptions;
  readonly #readers = new WeakMap<Batch, Reader>();
  readonly #retired = new Set<Reader>();
  #reader: Reader;
  #swap: Swap | undefined;
  #paused = false;
  #closed = false;
  #isOver = false;

  /** Goes on with `first`. */
  constructor(launched: LaunchedPart, first: SourcePart, options: ReplaceableOptions) {
    super();
    this.#options = options;
    this.#reader = { part: first, stop: () => launched.stop(), unsettled: 0, retired: false };
    this.produces = first.produces;
    if (first.codec !== undefined) this.codec = first.codec;
    if (first.wholeRecords !== undefined) this.wholeRecords = first.wholeRecords;
  }

  protected override get part(): SourcePart {
    return this.#reader.part;
  }

  /** Tells the part. */
  override pause(): void | Promise<void> {
    this.#paused = true;
    return super.pause();
  }

  /** Tells the part. */
  override resume(): void | Promise<void> {
    this.#paused = false;
    return super.resume();
  }

  /** Tells the part; one that waits to take its place would wait for ever, since an exchange is made between two reads. */
  readingEnded(): void {
    this.#isOver = true;
    const swap = this.#swap;
    this.#swap = undefined;
    swap?.done.reject(this.#over());
    this.#reader.part.readingEnded?.();
  }

  #over(): CaissonError {
    return replaceFailed(
      this.#options.alias,
      "a source that is read no more: it ended, or its flow stops",
      "one that is read; start its flow again",
    );
  }

  /** Tells the part. */
  drain(): void | Promise<void> {
    return this.#reader.part.drain?.();
  }

  /** Tells the part. */
  breakerTriggered(sink: string): void {
    this.#reader.part.breakerTriggered?.(sink);
  }

  /** Tells the part. */
  breakerRestored(sink: string): void {
    this.#reader.part.breakerRestored?.(sink);
  }

  /** Tells the part. */
  streamEnded(stream: number, failures: ReadonlyMap<number, unknown>): void {
    this.#reader.part.streamEnded?.(stream, failures);
  }

  /** Reads. */
  poll(batch: Batch, max: number): PollResult | Promise<PollResult> {
    const reader = this.#reader;
    const swap = this.#swap;
    const polled = reader.part.poll(batch, max);
    if (polled instanceof Promise) return polled.then((result) => this.#polled(reader, swap, batch, result));
    return this.#polled(reader, swap, batch, polled);
  }

  #polled(reader: Reader, swap: Swap | undefined, batch: Batch, result: PollResult): PollResult | Promise<PollResult> {
    if (batch.count > 0) {
      this.#readers.set(batch, reader);
      reader.unsettled++;
      // Also when the poll began before the exchange.
      if (this.#swap !== undefined) this.#swap.came = true;
      return result;
    }
    if (swap === undefined || swap !== this.#swap || result.state !== "idle") return result;
    if (swap.state === "asked") return SOON;
    if (!swap.came) return this.#change(swap);
    this.#ask(swap, reader.part);
    return AGAIN;
  }

  /** Polls go on meanwhile: a part that waits for room to publish would not answer otherwise. */
  #ask(swap: Swap, part: SourcePart): void {
    swap.state = "asked";
    swap.came = false;
    Promise.resolve(part.finishReading?.()).catch((thrown) => this.#options.onError(thrown)).finally(() =>
      swap.state = "answered"
    );
  }

  /** The old part has nothing more: the next one is connected and takes over. */
  async #change(swap: Swap): Promise<PollResult> {
    const old = this.#reader;
    const { next } = swap;
    this.#swap = undefined;
    try {
      await this.#connect(next, old);
    } catch (thrown) {
      swap.done.reject(thrown);
      throw thrown;
    }
    this.#reader = next;
    old.retired = true;
    this.#retired.add(old);
    if (old.unsettled === 0) void this.#end(old);
    swap.done.resolve({ pauseMs: performance.now() - swap.from });
    return AGAIN;
  }

  /** What the old part holds, such as a port, may be what the next one needs: then the old one has to go first. */
  async #connect(next: Reader, old: Reader): Promise<void> {
    const attempt = this.connected;
    if (attempt === undefined) return;
    try {
      await next.part.connect?.({ ...attempt, sinceLastSuccess: 0 });
    } catch {
      this.#retired.add(old);
      await this.#end(old);
      await next.part.connect?.({ ...attempt, overall: attempt.overall + 1, sinceLastSuccess: 1 });
    }
  }

  /** Tells whoever read the batch. */
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    const reader = this.#readers.get(batch);
    if (reader === undefined) return;
    this.#readers.delete(batch);
    reader.unsettled--;
    try {
      reader.part.settle?.(batch, failures);
    } finally {
      if (reader.retired && reader.unsettled === 0) void this.#end(reader);
    }
  }

  async #end(reader: Reader): Promise<void> {
    if (!this.#retired.delete(reader)) return;
    try {
      await reader.part.close();
    } catch (thrown) {
      this.#options.onError(thrown);
    }
  }

  /** Exchanges the part; see {@linkcode Replaceable.replace}. */
  async replace({ part, stop }: LaunchedPart): Promise<Exchange> {
    const { alias } = this.#options;
    const source = (part as { readonly source: SourcePart }).source;
    requireShape(alias, this, source, ["produces", "codec", "wholeRecords"], []);
    if (this.#isOver) throw this.#over();
    if (this.#paused) throw replaceFailed(alias, "a source that is paused", "one that reads; resume it first");
    if (this.#swap !== undefined) throw replaceFailed(alias, "an exchange that is under way");
    await source.start?.();
    if (this.#closed) throw replaceFailed(alias, "its flow ended meanwhile");
    if (this.#isOver) throw this.#over();
    const old = this.#reader;
    const swap: Swap = {
      next: { part: source, stop, unsettled: 0, retired: false },
      from: performance.now(),
      done: Promise.withResolvers<Exchange>(),
      state: "asked",
      came: false,
    };
    this.#swap = swap;
    old.stop();
    this.#ask(swap, old.part);
    return await swap.done.promise;
  }

  /** Ends the part, and those before it. */
  override async close(): Promise<void> {
    this.#closed = true;
    const swap = this.#swap;
    this.#swap = undefined;
    swap?.done.reject(replaceFailed(this.#options.alias, "its flow ended meanwhile"));
    await Promise.all([this.#reader.part.close(), ...[...this.#retired].map((reader) => this.#end(reader))]);
  }
}
