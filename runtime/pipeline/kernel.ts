/** Runs the first steps of a pipeline natively, on the raw bytes of a whole batch. @module */
import { BatchPool } from "../connector/batch_pool.ts";
import type { ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import { RECORD_LAYOUT } from "../data/layout.ts";
import type { Delivery } from "../flow/delivery.ts";
import { Settlement } from "../flow/settlement.ts";
import type { KernelProgram } from "./kernel_program.ts";

/** The event of the input a record stands for; above it {@linkcode PROJECTED} and {@linkcode PUNTED}. */
export const ORIGIN = 0x3fffffff;
/** The record's payload is the event after the projection. */
export const PROJECTED = 0x40000000;
/** The kernel would have had to guess: the event goes through the operators themselves. */
export const PUNTED = 0x80000000;

const RESERVED_WORD = RECORD_LAYOUT.reserved / 4;
const LEAST_EVENTS = 1024;
const LEAST_ARENA = 1 << 20;
const MOST_IN_FLIGHT = 64;

/** What the kernel made of a batch. */
export interface KernelResult {
  /** A record for each event that was not dropped, in order. */
  readonly out: Batch;
  /** {@linkcode ORIGIN} and marks, one for each record. */
  readonly marks: Uint32Array;
  /** Whether every record was projected. */
  readonly complete: boolean;
  /** Gives the batch back. */
  readonly give: () => void;
}

/** One kernel, belonging to one pipeline. */
export class Kernel {
  /** What it runs. */
  readonly program: KernelProgram;
  readonly #part: ProcessorPart;
  #pool: BatchPool | undefined;
  #capacity = 0;
  #arenaBytes = 0;

  /** Takes over a connected part, whose `process` is synchronous. */
  constructor(part: ProcessorPart, program: KernelProgram) {
    this.#part = part;
    this.program = program;
  }

  /** Whether it can take a delivery: whole batches of JSON, with records that have room for a mark. */
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
    const give = () => pool.give(out);
    try {
      const running = this.#part.process(batch, out);
      if (running !== undefined) throw new TypeError("the kernel did not answer at once");
    } catch (thrown) {
      give();
      throw thrown;
    }
    const { words } = out;
    const marks = new Uint32Array(out.count);
    let complete = true;
    for (let index = 0; index < marks.length; index++) {
      const at = out.recordAt(index) + RESERVED_WORD;
      const mark = words[at]!;
      words[at] = 0;
      marks[index] = mark;
      if ((mark & PROJECTED) === 0) complete = false;
    }
    return { out, marks, complete, give };
  }

  /** Room for as many records, and for projections as long as the events themselves; what does not fit is punted. */
  #poolFor(batch: Batch): BatchPool {
    const bytes = this.program.projects ? 2 * Math.max(batch.arenaUsed, LEAST_ARENA / 2) : 0;
    if (this.#pool === undefined || batch.count > this.#capacity || bytes > this.#arenaBytes) {
      this.#capacity = Math.max(this.#capacity, LEAST_EVENTS, batch.count);
      this.#arenaBytes = Math.max(this.#arenaBytes, Math.min(bytes, 64 * LEAST_ARENA));
      this.#pool = new BatchPool(
        { capacity: this.#capacity, arenaBytes: this.#arenaBytes, segments: 1 },
        MOST_IN_FLIGHT,
      );
    }
    return this.#pool;
  }
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
