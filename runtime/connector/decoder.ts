/** From what a source reads to events: runs preprocessors and writes records, copying only what they made anew. @module */
import { offerText } from "../codec/batch_text.ts";
import type { Codec, Preprocessor } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { BatchPool } from "./batch_pool.ts";
import type { HeldChunks } from "./held_chunks.ts";
import type { NativeLines } from "./native_lines.ts";
import { type Chain, StreamChains } from "./stream_chains.ts";

const NO_BATCHES: Batch[] = [];
const NOTHING: readonly never[] = [];

/** What a {@linkcode ChunkDecoder} may be given besides. */
export interface ChunkDecoderOptions {
  /** Tells payloads that hold no event. */
  readonly skips?: Codec["skips"];
  /** Makes the preprocessors of another stream. @default {there is only stream 0} */
  readonly newChain?: (() => readonly Preprocessor[]) | undefined;
  /** Preprocessors are finished after each record. @default {false} */
  readonly wholeRecords?: boolean | undefined;
  /** Told which chunks an event that is not whole began in. @default {nobody waits for their verdicts} */
  readonly held?: HeldChunks | undefined;
  /** Cuts lines natively for preprocessors that can have it done. @default {each cuts by itself} */
  readonly lines?: NativeLines | undefined;
}

/**
 * Runs the preprocessors of one source, each stream through its own.
 *
 * A slice of the chunk becomes a record that points into the chunk's memory; other bytes are copied into the event
 * batch. `sequence` of each event is the index of its chunk, so that a failure finds its way back.
 */
export class ChunkDecoder {
  #chain: Chain;
  #stream = 0;
  readonly #chains: StreamChains;
  readonly #whole: boolean;
  readonly #pool: BatchPool;
  readonly #alias: string;
  readonly #skips: Codec["skips"];
  #batches: Batch[] = NO_BATCHES;
  #chunks: Batch | undefined;
  #chunk: Uint8Array | undefined;
  #chunkIndex = 0;
  #segment = -1;
  #chunkSegment = -1;
  #errors: { chunk: number; error: unknown }[] = [];
  #timestamp = 0;
  readonly #held: HeldChunks | undefined;
  readonly #lines: NativeLines | undefined;
  /** No event has come of the chunk at hand, or of the end of the stream. */
  #isFirst = true;
  /** Text of a piece of the chunk, and the batch that has been offered it. */
  #text = "";
  #textFrom = 0;
  #offeredTo: Batch | undefined;

  // Made once: a chunk is not to cost a function.
  readonly #onPayload = (bytes: Uint8Array, own?: number): void => this.#pass(bytes, 1, own);

  /** Takes the preprocessors of stream 0 in order, and a pool for event batches. */
  constructor(chain: Chain, pool: BatchPool, alias: string, options: ChunkDecoderOptions = {}) {
    this.#skips = options.skips;
    // What holds no event has to be looked for line by line.
    this.#lines = options.skips === undefined ? options.lines : undefined;
    this.#chain = this.#listen(chain);
    const { newChain } = options;
    this.#chains = new StreamChains(alias, chain, newChain && (() => this.#listen(newChain())));
    this.#whole = options.wholeRecords === true && chain.length > 0;
    this.#pool = pool;
    this.#alias = alias;
    this.#held = options.held;
  }

  /** What preprocessors threw since the last call, with the index of the chunk; the rest of that chunk is lost. */
  takeErrors(): readonly { readonly chunk: number; readonly error: unknown }[] {
    const errors = this.#errors;
    if (errors.length === 0) return NOTHING;
    this.#errors = [];
    return errors;
  }

  /** Cuts every record of a batch of chunks into events. A plain result costs no promise. */
  decode(chunks: Batch): Batch[] | Promise<Batch[]> {
    this.#begin(chunks);
    for (let index = 0; index < chunks.count; index++) {
      const running = this.#decodeChunk(index);
      if (running !== undefined) return this.#decodeRest(running, index + 1);
    }
    return this.#end();
  }

  async #decodeRest(running: Promise<void>, from: number): Promise<Batch[]> {
    await running;
    for (let index = from; index < this.#chunks!.count; index++) {
      await this.#decodeChunk(index);
    }
    return this.#end();
  }

  /** The source has ended: what preprocessors of all its streams still hold comes out. */
  async finish(): Promise<Batch[]> {
    this.#begin(undefined);
    this.#timestamp = Date.now();
    for (const [stream, chain] of this.#chains.takeAll()) {
      this.#select(stream, chain);
      await this.#finishStreamChain();
    }
    return this.#end();
  }

  /** One stream has ended: what its preprocessors still hold comes out, and they are dropped. */
  async finishStream(stream: number): Promise<Batch[]> {
    const chain = this.#chains.known(stream);
    if (chain === undefined) return [];
    this.#begin(undefined);
    this.#timestamp = Date.now();
    this.#select(stream, chain);
    await this.#finishStreamChain();
    this.#chains.delete(stream);
    return this.#end();
  }

  /** One stream is lost, with all that its preprocessors hold of it. */
  dropStream(stream: number): void {
    this.#chains.delete(stream);
    this.#held?.vanished(stream, {
      reason: new CaissonError("CAISSON_SOURCE_FAILED", {
        subject: this.#alias,
        found: `stream ${stream}, which was lost within an event`,
      }),
    });
  }

  async #finishStreamChain(): Promise<void> {
    this.#isFirst = true;
    const errors = this.#errors.length;
    await this.#finishChain();
    const failure = this.#errors[errors];
    this.#held?.vanished(this.#stream, failure === undefined ? undefined : { reason: failure.error });
  }

  async #finishChain(): Promise<void> {
    for (let stage = 0; stage < this.#chain.length; stage++) {
      try {
        await this.#chain[stage]!.finish((bytes, timestamp) => this.#pass(bytes, stage + 1, timestamp));
      } catch (error) {
        this.#note(error);
      }
    }
  }

  #select(stream: number, chain: Chain): void {
    this.#stream = stream;
    this.#chain = chain;
  }

  /** Has a lonely preprocessor tell the text it makes: payloads of a second one are no pieces of the chunk. */
  #listen(chain: Chain): Chain {
    const [only, second] = chain;
    if (only === undefined || second !== undefined) return chain;
    only.onText = (text, from) => {
      this.#text = text;
      this.#textFrom = from;
      this.#offeredTo = undefined;
    };
    // What may hold no event has to be looked at.
    if (this.#skips === undefined) only.onSlice = (start, end) => this.#appendSlice(start, end);
    const lines = this.#lines;
    if (lines !== undefined) only.bulk = (head, body) => this.#appendLines(lines, head, body);
    return chain;
  }

  #begin(chunks: Batch | undefined): void {
    this.#chunks = chunks;
    this.#chunkIndex = 0;
    this.#batches = NO_BATCHES;
    this.#segment = -1;
    this.#chunkSegment = -1;
  }

  #end(): Batch[] {
    const batches = this.#batches;
    this.#batches = NO_BATCHES;
    this.#chunks = undefined;
    this.#chunk = undefined;
    this.#text = "";
    this.#offeredTo = undefined;
    return batches;
  }

  #decodeChunk(index: number): void | Promise<void> {
    const chunks = this.#chunks!;
    this.#chunkIndex = index;
    this.#timestamp = chunks.timestampMs(index);
    const segment = chunks.payloadSegment(index);
    if (segment !== this.#chunkSegment) this.#segment = -1;
    this.#chunkSegment = segment;
    this.#text = "";
    try {
      const stream = chunks.partition(index);
      this.#select(stream, this.#chains.of(stream));
      this.#chunk = chunks.payload(index);
      this.#isFirst = true;
      const running = this.#run(this.#chunk, 0, undefined)?.catch((error: unknown) => this.#note(error));
      if (this.#whole) return running === undefined ? this.#finishChain() : running.then(() => this.#finishChain());
      if (this.#held === undefined) return running;
      if (running !== undefined) return running.then(() => this.#noteHeld(stream, index));
    } catch (error) {
      this.#note(error);
    }
    if (!this.#whole) this.#noteHeld(chunks.partition(index), index);
  }

  /** The chunk is done: is the last event of it whole, and what became of the one that was not before it? */
  #noteHeld(stream: number, chunk: number): void {
    const held = this.#held;
    if (held === undefined) return;
    for (const preprocessor of this.#chain) if (preprocessor.holds === true) return held.hold(stream, chunk);
    // What was held became no event: it was refused, or it was nothing but a comment.
    const last = this.#errors.at(-1);
    held.vanished(stream, last?.chunk === chunk ? { reason: last.error } : undefined);
  }

  #note(error: unknown): void {
    this.#errors.push({ chunk: this.#chunkIndex, error });
  }

  #run(bytes: Uint8Array, stage: number, timestamp: number | undefined): void | Promise<void> {
    const chain = this.#chain;
    const preprocessor = chain[stage];
    if (preprocessor === undefined) return this.#append(bytes, timestamp ?? this.#timestamp);
    if (chain.length === 1) return preprocessor.process(bytes, this.#onPayload);
    return preprocessor.process(bytes, (next, own = timestamp) => this.#pass(next, stage + 1, own));
  }

  /** What a later stage throws for one payload must not cost the stages before it their place in the stream. */
  #pass(bytes: Uint8Array, stage: number, timestamp: number | undefined): void {
    try {
      const running = this.#run(bytes, stage, timestamp);
      if (running === undefined) return;
    } catch (error) {
      return this.#note(error);
    }
    this.#note(
      new CaissonError("CAISSON_CONFIG_INVALID", {
        subject: `${this.#alias}: preprocessors[${stage}]`,
        found: `${this.#chain[stage]!.name} works asynchronously`,
        allowed: "asynchronous preprocessors only in the first place",
      }),
    );
  }

  #append(bytes: Uint8Array, timestamp: number): void {
    if (this.#skips?.(bytes) === true) return;
    const batch = this.#batchFor(bytes.byteLength);
    const chunk = this.#chunk;
    const inChunk = chunk !== undefined && bytes.buffer === chunk.buffer && bytes.byteOffset >= chunk.byteOffset &&
      bytes.byteOffset + bytes.byteLength <= chunk.byteOffset + chunk.byteLength;
    if (inChunk && this.#shareChunk(batch)) {
      this.#appendShared(batch, chunk, bytes.byteOffset, bytes.byteLength, timestamp);
    } else if (!batch.appendBytes(bytes, timestamp)) {
      // Thrown, it would cost the preprocessors their place in the stream, and the events behind this one.
      const reason = new CaissonError("CAISSON_EVENT_TOO_LARGE", {
        subject: this.#alias,
        found: `an event of ${bytes.byteLength} bytes`,
        allowed: `at most ${batch.arena.byteLength} bytes`,
        action: "Raise batchBytes of the connector, or check the preprocessors' separator.",
      });
      if (this.#isFirst) this.#held?.vanished(this.#stream, { reason });
      this.#isFirst = false;
      return this.#note(reason);
    }
    this.#appended(batch);
  }

  /** As what a view of this part of the chunk becomes; as there, what is thrown costs this event alone. */
  #appendSlice(start: number, end: number): void {
    const chunk = this.#chunk!;
    try {
      const batch = this.#batchFor(end - start);
      if (!this.#shareChunk(batch)) return this.#append(chunk.subarray(start, end), this.#timestamp);
      this.#appendShared(batch, chunk, chunk.byteOffset + start, end - start, this.#timestamp);
      this.#appended(batch);
    } catch (error) {
      this.#note(error);
    }
  }

  /** @param from where the payload begins in the memory that the chunk is a part of */
  #appendShared(batch: Batch, chunk: Uint8Array, from: number, length: number, timestamp: number): void {
    const base = batch.segmentView(this.#segment).byteOffset;
    batch.append(this.#segment, from - base, length, timestamp);
    if (this.#text === "" || this.#offeredTo === batch) return;
    offerText(batch, this.#segment, chunk.byteOffset - base + this.#textFrom, this.#text);
    this.#offeredTo = batch;
  }

  /** The last event of the batch is one of the chunk at hand. */
  #appended(batch: Batch): void {
    const index = batch.count - 1;
    batch.setSequence(index, this.#chunkIndex);
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#held?.completedBy(this.#stream, batch, index);
    }
    if (this.#stream !== 0) batch.setPartition(index, this.#stream);
  }

  /** Appends whole lines of the chunk, cut natively; `false` when that cannot be done. */
  #appendLines(lines: NativeLines, head: Uint8Array | undefined, body: Uint8Array): boolean {
    const memory = this.#chunks!.segmentView(this.#chunkSegment);
    const made = lines.cut({
      head,
      memory,
      offset: body.byteOffset - memory.byteOffset,
      length: body.byteLength,
      timestampMs: this.#timestamp,
      chunk: this.#chunkIndex,
      stream: this.#stream,
    }, this.#pool);
    if (made === undefined) return false;
    this.#batches = [...this.#batches, ...made];
    this.#segment = -1;
    if (this.#isFirst) this.#held?.completedBy(this.#stream, made[0]!, 0);
    this.#isFirst = false;
    return true;
  }

  /** Makes the chunk's memory a segment of the event batch; `false` when its segment table is full. */
  #shareChunk(batch: Batch): boolean {
    if (this.#segment >= 0) return true;
    if (batch.segmentCount >= batch.segmentCapacity) return false;
    this.#segment = batch.addSegment(this.#chunks!.segmentView(this.#chunkSegment));
    return true;
  }

  #batchFor(bytes: number): Batch {
    const last = this.#batches.at(-1);
    if (last !== undefined && !last.full && bytes <= last.arena.byteLength - last.arenaUsed) return last;
    const batch = this.#pool.takeExtra();
    // A list that begins empty is given room for 17.
    if (this.#batches === NO_BATCHES) this.#batches = [batch];
    else this.#batches.push(batch);
    this.#segment = -1;
    return batch;
  }
}
