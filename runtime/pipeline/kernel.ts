/** Runs the first steps of a pipeline natively, on the raw bytes of a whole batch. @module */
import { decodeUtf8 } from "../codec/utf8.ts";
import { BatchPool } from "../connector/batch_pool.ts";
import type { ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import type { Delivery } from "../flow/delivery.ts";
import { Settlement } from "../flow/settlement.ts";
import type { KernelProgram } from "./kernel_program.ts";
import { type RowMemory, type RowReader, rowReaderOf, Rows } from "./kernel_rows.ts";

/** The event of the input a mark stands for; above it {@linkcode PROJECTED} and {@linkcode PUNTED}. */
export const ORIGIN = 0x3fffffff;
/** The record's payload is the event after the projection. */
export const PROJECTED = 0x40000000;
/** The kernel would have had to guess: the event goes through the operators themselves. */
export const PUNTED = 0x80000000;

const LEAST_EVENTS = 1024;
const LEAST_ARENA = 1 << 20;
const MOST_IN_FLIGHT = 64;
/** Of an input in more pieces than that, events are handed on one by one. */
const MOST_SEGMENTS = 256;
const MIB = 1 << 20;

/** Words of `Table` in `plugins/json_kernel/columns.hpp`. */
const TABLE = { kept: 0, punted: 1, anew: 2, texts: 3, rows: 4, shares: 5, marks: 8 } as const;

/** What the kernel made of a batch. */
export interface KernelResult {
  /** Unless it only reads: a record for each event that was not dropped, in order. */
  readonly out: Batch;
  /** Whether all of {@linkcode out} is what follows: each record has its projection, or the event's own bytes. */
  readonly isWhole: boolean;
  /** Events that were not dropped. */
  readonly kept: number;
  /** Of these, how many it hands back. */
  readonly punted: number;
  /** {@linkcode ORIGIN} and marks, one for each of them. */
  readonly marks: Uint32Array;
  /** What it read of the events at the indexes of {@linkcode marks} that are not punted. */
  readonly rows: Rows;
  /** Gives the batch back. */
  readonly give: () => void;
}

/** One kernel, belonging to one pipeline. */
export class Kernel {
  /** What it runs. */
  readonly program: KernelProgram;
  readonly #part: ProcessorPart;
  readonly #columns: number;
  readonly #readerOf: (memory: RowMemory) => RowReader;
  /** Absent, null, false, true, then the texts the kernel handed over, by their number. */
  readonly #known: unknown[] = [undefined, null, false, true];
  readonly #rows = new WeakMap<Batch, Rows>();
  #pool: BatchPool | undefined;
  #era = 0;
  #capacity = 0;
  #arenaBytes = 0;
  #segments = 1;

  /** Takes over a connected part, whose `process` is synchronous. */
  constructor(part: ProcessorPart, program: KernelProgram) {
    this.#part = part;
    this.program = program;
    const { reads = [], keepsRows = false } = program.feeds ?? {};
    this.#columns = reads.length;
    this.#readerOf = rowReaderOf(reads.map(({ path }) => path), keepsRows);
  }

  /** Whether it can take a delivery: whole batches of JSON. */
  takes({ batch, events, codec }: Delivery): boolean {
    return events === undefined && batch !== undefined && codec.name === "json" && batch.count <= this.#part.maxEvents;
  }

  /**
   * Judges every event of a batch.
   *
   * @throws {CaissonError} what the native call throws; nothing was changed then
   */
  run(batch: Batch): KernelResult {
    const pool = this.#poolFor(batch);
    const out = pool.takeExtra();
    const give = () => {
      // The memory of the input must not live as long as a batch that waits for its next use.
      if (out.segmentCount > 1) out.clear();
      pool.give(out);
    };
    try {
      const running = this.#part.process(batch, out);
      if (running !== undefined) throw new TypeError("the kernel did not answer at once");
    } catch (thrown) {
      give();
      throw thrown;
    }
    const rows = this.#rowsOf(out);
    const { words } = rows;
    this.#learn(out, words);
    const kept = words[TABLE.kept]!;
    rows.start = words[TABLE.rows]! / 8;
    rows.era = this.#era;
    const punted = words[TABLE.punted]!;
    return {
      out,
      isWhole: punted === 0 && (this.program.projects || words[TABLE.shares] === 1),
      kept,
      punted,
      marks: words.subarray(TABLE.marks, TABLE.marks + kept),
      rows,
      give,
    };
  }

  #rowsOf(out: Batch): Rows {
    let rows = this.#rows.get(out);
    if (rows === undefined) {
      const { arena } = out;
      const words = new Uint32Array(arena.buffer, arena.byteOffset, arena.byteLength / 4);
      const memory: RowMemory = {
        words,
        floats: new Float64Array(arena.buffer, arena.byteOffset, arena.byteLength / 8),
        known: this.#known,
        loose: (at) => decodeUtf8(arena.subarray(at + 4, at + 4 + words[at / 4]!)),
      };
      this.#rows.set(out, rows = new Rows(memory, this.#columns, this.#readerOf(memory)));
    }
    return rows;
  }

  /** Takes the texts that got a number. */
  #learn({ arena }: Batch, words: Uint32Array): void {
    const known = this.#known;
    if (words[TABLE.anew] === 1) {
      known.length = 4;
      this.#era++;
    }
    let end = arena.byteLength;
    for (let left = words[TABLE.texts]!; left > 0; left--) {
      const length = words[end / 4 - 1]!;
      end -= 4 + ((length + 3) & ~3);
      known.push(decodeUtf8(arena.subarray(end, end + length)));
    }
  }

  /** Room for the table, for projections as long as the events themselves, and for texts; what does not fit is punted. */
  #poolFor(batch: Batch): BatchPool {
    const { projects, feeds } = this.program;
    const events = Math.max(this.#capacity, LEAST_EVENTS, batch.count);
    const text = projects ? 2 : feeds === undefined ? 0 : 1;
    const bytes = 64 + events * (4 + 8 * this.#columns) + text * Math.max(memoryOf(batch), LEAST_ARENA / 2);
    // Events that are kept as they are stay in the memory of the input.
    const segments = projects || feeds !== undefined ? 1 : Math.min(batch.segmentCount + 1, MOST_SEGMENTS);
    const isSmall = batch.count > this.#capacity || bytes > this.#arenaBytes || segments > this.#segments;
    if (this.#pool === undefined || isSmall) {
      this.#capacity = events;
      this.#segments = Math.max(this.#segments, segments);
      this.#arenaBytes = Math.max(this.#arenaBytes, Math.min(Math.ceil(bytes / 64) * 64, 64 * MIB));
      this.#pool = new BatchPool(
        { capacity: this.#capacity, arenaBytes: this.#arenaBytes, segments: this.#segments },
        MOST_IN_FLIGHT,
      );
    }
    return this.#pool;
  }
}

/** Bytes in which a batch's events lie, their own and those of others, such as a file's. */
function memoryOf(batch: Batch): number {
  let bytes = batch.arenaUsed;
  for (let index = batch.ownsArena ? 1 : 0; index < batch.segmentCount; index++) bytes += batch.segmentLength(index);
  return bytes;
}

/**
 * Settles the events of a kernel's output: memory goes back when nobody reads it any more, failures go to the events of
 * the input. Takes over one hold on the input.
 *
 * @param origin the input's event, by the number a failure is reported under
 */
export function settleInput(input: Settlement, give: () => void, origin: (index: number) => number): Settlement {
  let freed = false;
  return new Settlement((failures) => {
    for (const [index, reason] of failures) input.fail(origin(index), reason);
    if (freed) return input.letGo();
    give();
    input.release();
  }, () => {
    freed = true;
    give();
    input.hold();
    input.release();
  });
}
