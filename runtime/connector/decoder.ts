/** From what a source reads to events: runs preprocessors and writes records, copying only what they made anew. @module */
import type { Codec, Preprocessor } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { BatchPool } from "./batch_pool.ts";

/**
 * Runs the preprocessors of one source.
 *
 * A slice of the chunk becomes a record that points into the chunk's memory; other bytes are copied into the event
 * batch. `sequence` of each event is the index of its chunk, so that a failure finds its way back.
 */
export class ChunkDecoder {
  readonly #chain: readonly Preprocessor[];
  readonly #pool: BatchPool;
  readonly #alias: string;
  readonly #skips: Codec["skips"];
  #batches: Batch[] = [];
  #chunks: Batch | undefined;
  #chunk: Uint8Array | undefined;
  #chunkIndex = 0;
  #segment = -1;
  #chunkSegment = -1;
  #errors: { chunk: number; error: unknown }[] = [];
  #timestamp = 0;

  /** Takes the preprocessors in order, a pool for event batches, and what tells payloads that hold no event. */
  constructor(chain: readonly Preprocessor[], pool: BatchPool, alias: string, skips?: Codec["skips"]) {
    this.#chain = chain;
    this.#pool = pool;
    this.#alias = alias;
    this.#skips = skips;
  }

  /** What preprocessors threw since the last call, with the index of the chunk; the rest of that chunk is lost. */
  takeErrors(): readonly { readonly chunk: number; readonly error: unknown }[] {
    const errors = this.#errors;
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

  /** The stream has ended: what preprocessors still hold comes out. */
  async finish(): Promise<Batch[]> {
    this.#begin(undefined);
    this.#chunkIndex = 0;
    this.#timestamp = Date.now();
    for (let stage = 0; stage < this.#chain.length; stage++) {
      try {
        await this.#chain[stage]!.finish((bytes, timestamp) => this.#pass(bytes, stage + 1, timestamp));
      } catch (error) {
        this.#errors.push({ chunk: 0, error });
      }
    }
    return this.#end();
  }

  #begin(chunks: Batch | undefined): void {
    this.#chunks = chunks;
    this.#batches = [];
    this.#segment = -1;
    this.#chunkSegment = -1;
  }

  #end(): Batch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#chunks = undefined;
    this.#chunk = undefined;
    return batches;
  }

  #decodeChunk(index: number): void | Promise<void> {
    const chunks = this.#chunks!;
    this.#chunkIndex = index;
    this.#timestamp = chunks.timestampMs(index);
    const segment = chunks.payloadSegment(index);
    if (segment !== this.#chunkSegment) this.#segment = -1;
    this.#chunkSegment = segment;
    try {
      this.#chunk = chunks.payload(index);
      return this.#run(this.#chunk, 0, undefined)?.catch((error: unknown) => this.#note(error));
    } catch (error) {
      this.#note(error);
    }
  }

  #note(error: unknown): void {
    this.#errors.push({ chunk: this.#chunkIndex, error });
  }

  #run(bytes: Uint8Array, stage: number, timestamp: number | undefined): void | Promise<void> {
    const preprocessor = this.#chain[stage];
    if (preprocessor === undefined) return this.#append(bytes, timestamp ?? this.#timestamp);
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
    const inChunk = chunk !== undefined && bytes.buffer === chunk.buffer &&
      bytes.byteOffset >= chunk.byteOffset &&
      bytes.byteOffset + bytes.byteLength <=
        chunk.byteOffset + chunk.byteLength;
    if (inChunk && this.#shareChunk(batch)) {
      const offset = bytes.byteOffset -
        batch.segmentView(this.#segment).byteOffset;
      batch.append(this.#segment, offset, bytes.byteLength, timestamp);
    } else if (!batch.appendBytes(bytes, timestamp)) {
      // Thrown, it would cost the preprocessors their place in the stream, and the events behind this one.
      return this.#note(
        new CaissonError("CAISSON_EVENT_TOO_LARGE", {
          subject: this.#alias,
          found: `an event of ${bytes.byteLength} bytes`,
          allowed: `at most ${batch.arena.byteLength} bytes`,
          action: "Raise batchBytes of the connector, or check the preprocessors' separator.",
        }),
      );
    }
    batch.setSequence(batch.count - 1, this.#chunkIndex);
  }

  /** Makes the chunk's memory a segment of the event batch; `false` when its segment table is full. */
  #shareChunk(batch: Batch): boolean {
    if (this.#segment >= 0) return true;
    if (batch.segmentCount >= batch.segmentCapacity) return false;
    this.#segment = batch.addSegment(
      this.#chunks!.segmentView(this.#chunkSegment),
    );
    return true;
  }

  #batchFor(bytes: number): Batch {
    const last = this.#batches.at(-1);
    if (
      last !== undefined && !last.full &&
      bytes <= last.arena.byteLength - last.arenaUsed
    ) return last;
    const batch = this.#pool.takeExtra();
    this.#batches.push(batch);
    this.#segment = -1;
    return batch;
  }
}
