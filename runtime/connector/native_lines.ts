/** Cuts many lines of a chunk at once, in native code: the preprocessor `lines` of the kernel's plugin as a help of `separate`. @module */
import { Batch } from "../data/batch.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { BatchPool } from "./batch_pool.ts";
import type { ProcessorPart } from "./contract.ts";

/** Whole lines of one chunk. */
export interface WholeLines {
  /** The first line with its line feed, where it began in an earlier chunk; in memory nobody writes again. */
  readonly head: Uint8Array | undefined;
  /** The memory the chunk lies in. */
  readonly memory: Uint8Array;
  /** Where in it the lines begin. */
  readonly offset: number;
  /** Bytes of the lines, the last line feed included. */
  readonly length: number;
  /** When the chunk came, milliseconds since 1970. */
  readonly timestampMs: number;
  /** The chunk's index: the token of its lines. */
  readonly chunk: number;
  /** The stream it is of. */
  readonly stream: number;
}

/** The native cutter of one source. It is given nothing but whole lines, so it may serve any number of streams. */
export class NativeLines {
  readonly #part: Pick<ProcessorPart, "process">;
  readonly #onError: (error: CaissonError) => void;
  readonly #alias: string;
  readonly #input = Batch.allocate({ capacity: 2, arenaBytes: 0, segments: 3 });
  #isBroken = false;

  /**
   * Takes over a connected part, whose `process` is synchronous.
   *
   * @param alias of its node, for errors
   * @param onError told once why lines are no longer cut natively
   */
  constructor(part: Pick<ProcessorPart, "process">, alias: string, onError: (error: CaissonError) => void) {
    this.#part = part;
    this.#alias = alias;
    this.#onError = onError;
  }

  /**
   * Cuts lines into batches of a pool, each line where it lies.
   *
   * @returns `undefined` when they have to be cut otherwise: one is too long, or the cutter has failed
   */
  cut(lines: WholeLines, pool: BatchPool): Batch[] | undefined {
    if (this.#isBroken) return undefined;
    const made: Batch[] = [];
    const next = (): Batch => {
      const batch = pool.takeExtra();
      made.push(batch);
      return batch;
    };
    try {
      this.#fill(lines);
      if (this.#part.process(this.#input, next(), next) !== undefined) throw new TypeError("did not answer at once");
    } catch (thrown) {
      // It may stand in the middle of a chunk now.
      this.#isBroken = true;
      giveBack(made, pool);
      this.#onError(asCutError(this.#alias, thrown));
      return undefined;
    } finally {
      this.#input.clear();
    }
    // Whole lines stay where they are: what was put into an arena says that one is too long.
    if (made.every(({ arenaUsed }) => arenaUsed === 0)) return made;
    giveBack(made, pool);
    return undefined;
  }

  #fill({ head, memory, offset, length, timestampMs, chunk, stream }: WholeLines): void {
    const input = this.#input;
    if (head !== undefined) input.append(input.addSegment(head), 0, head.byteLength, timestampMs);
    input.append(input.addSegment(memory), offset, length, timestampMs);
    for (let index = 0; index < input.count; index++) {
      input.setSequence(index, chunk);
      input.setPartition(index, stream);
    }
  }
}

function asCutError(subject: string, thrown: unknown): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  return new CaissonError("CAISSON_PREPROCESSOR_FAILED", { subject, found: messageOf(thrown), cause: thrown });
}

function giveBack(batches: readonly Batch[], pool: BatchPool): void {
  for (const batch of batches) {
    batch.ownSegments();
    pool.give(batch);
  }
}
