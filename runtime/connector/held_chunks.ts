/** Chunks whose last bytes belong to an event that is not whole yet: they are settled with that event. @module */
import type { Batch } from "../data/batch.ts";

/** A chunk that is read, and whose last bytes a preprocessor keeps. */
export class HeldChunk {
  /** Its index among the chunks it was read with. */
  readonly chunk: number;
  /** Told once, with the event those bytes became part of; whoever passes the chunks on sets it. */
  settle: (failure: { readonly reason: unknown } | undefined) => void = () => {};

  /** @param chunk its index */
  constructor(chunk: number) {
    this.chunk = chunk;
  }
}

/** Chunks and the event that ends their wait. */
export interface CompletedChunks {
  /** The chunks. */
  readonly chunks: readonly HeldChunk[];
  /** Where the event lies; `undefined` when their bytes became none. */
  readonly batch: Batch | undefined;
  /** Its index there. */
  readonly index: number;
  /** Why they have failed already. */
  readonly failure: { readonly reason: unknown } | undefined;
}

/** Keeps account of one source's streams. */
export class HeldChunks {
  readonly #open = new Map<number, HeldChunk[]>();
  #opened: HeldChunk[] = [];
  #completed: CompletedChunks[] = [];

  /** The first event that was cut from what follows the held bytes, or from them. */
  completedBy(stream: number, batch: Batch, index: number): void {
    this.#complete(stream, batch, index, undefined);
  }

  /** Nothing is held any longer, though no event came of it: left out, or refused for a reason. */
  vanished(stream: number, failure: { readonly reason: unknown } | undefined): void {
    this.#complete(stream, undefined, 0, failure);
  }

  #complete(
    stream: number,
    batch: Batch | undefined,
    index: number,
    failure: { readonly reason: unknown } | undefined,
  ): void {
    const chunks = this.#open.get(stream);
    if (chunks === undefined) return;
    this.#open.delete(stream);
    this.#completed.push({ chunks, batch, index, failure });
  }

  /** The last bytes of a chunk are held. */
  hold(stream: number, chunk: number): void {
    const held = new HeldChunk(chunk);
    const open = this.#open.get(stream);
    if (open === undefined) this.#open.set(stream, [held]);
    else open.push(held);
    this.#opened.push(held);
  }

  /** Chunks that were held since the last call, in order. */
  takeOpened(): readonly HeldChunk[] {
    if (this.#opened.length === 0) return this.#opened;
    return this.#opened.splice(0);
  }

  /** Whose wait ended since the last call. */
  takeCompleted(): readonly CompletedChunks[] {
    if (this.#completed.length === 0) return this.#completed;
    return this.#completed.splice(0);
  }

  /** Ends every wait: nothing will come of what is held. */
  abandon(reason: unknown): void {
    this.#opened = [];
    for (const stream of [...this.#open.keys()]) this.vanished(stream, { reason });
    const completed = this.takeCompleted();
    settleVanished(completed.map(({ chunks }) => ({ chunks, batch: undefined, index: 0, failure: { reason } })));
  }
}

/** Settles chunks of whose held bytes no event came. */
export function settleVanished(completed: readonly CompletedChunks[]): void {
  for (const { chunks, batch, failure } of completed) {
    if (batch !== undefined) continue;
    for (const chunk of chunks) chunk.settle(failure);
  }
}

/** Settles the chunks that waited for events of a batch which now has its verdicts. */
export function settleWith(
  completed: readonly CompletedChunks[],
  settled: Batch,
  failures: ReadonlyMap<number, unknown>,
): void {
  for (const { chunks, batch, index } of completed) {
    if (batch !== settled) continue;
    const failure = failures.has(index) ? { reason: failures.get(index) } : undefined;
    for (const chunk of chunks) chunk.settle(failure);
  }
}
