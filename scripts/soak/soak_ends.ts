/** The two ends of a soak: a source that sends again what failed, and a sink that is slow, fails and loses its connection. */
import type { Event, PartContext, PollResult, SourcePart, ValueSinkPart } from "../../mod.ts";
import type { Batch } from "../../runtime/data/batch.ts";

/** Numbers, each until it is acked, at a rate. */
export class SoakSource implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  readonly #events: number;
  readonly #perMs: number;
  readonly #encoder = new TextEncoder();
  readonly #acks: Uint8Array;
  readonly #again: number[] = [];
  readonly #flying = new Set<Batch>();
  #from = 0;
  #next = 0;
  /** Different events that were acked. */
  settled = 0;
  /** Events that failed and were sent again. */
  resent = 0;
  /** Verdicts on a batch that had one already. */
  twice = 0;

  constructor(events: number, seconds: number) {
    this.#events = events;
    this.#perMs = events / (seconds * 1000);
    this.#acks = new Uint8Array(events);
  }

  /** Different events that were sent. */
  get sent(): number {
    return this.#next;
  }

  poll(batch: Batch, max: number): PollResult {
    if (this.settled === this.#events) return { state: "ended" };
    if (this.#from === 0) this.#from = performance.now();
    const due = Math.min(this.#events, Math.ceil((performance.now() - this.#from) * this.#perMs));
    while (batch.count < max && (this.#again.length > 0 || this.#next < due)) {
      const n = this.#again.pop() ?? this.#next++;
      batch.appendBytes(this.#encoder.encode(`{"n":${n}}`), performance.timeOrigin + performance.now());
      batch.setSequence(batch.count - 1, n);
    }
    if (batch.count === 0) return { state: "idle", retryAfterMs: 2 };
    this.#flying.add(batch);
    return { state: "filled" };
  }

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    if (!this.#flying.delete(batch)) this.twice++;
    for (let index = 0; index < batch.count; index++) {
      const n = batch.sequence(index);
      if (failures.has(index)) {
        this.#again.push(n);
        this.resent++;
      } else if (this.#acks[n] === 0) {
        this.#acks[n] = 1;
        this.settled++;
      }
    }
  }

  close(): void {}
}

/** Notes every number; does badly when it is told to. */
export class SoakSink implements ValueSinkPart {
  readonly accepts = "values";
  readonly #seen: Uint8Array;
  readonly #context: PartContext;
  #slowUntil = 0;
  #failUntil = 0;
  #refuse = 0;
  /** Different events that arrived. */
  arrived = 0;
  /** Events that arrived again. */
  again = 0;

  constructor(events: number, context: PartContext) {
    this.#seen = new Uint8Array(events);
    this.#context = context;
  }

  connect(): void {
    if (this.#refuse-- > 0) throw new Deno.errors.ConnectionRefused("the soak refuses");
  }

  /** Each write takes a while. */
  beSlow(milliseconds: number): void {
    this.#slowUntil = performance.now() + milliseconds;
  }

  /** Each write fails. */
  fail(milliseconds: number): void {
    this.#failUntil = performance.now() + milliseconds;
  }

  /** The connection is gone, and the next attempts are refused. */
  disconnect(refusals: number): void {
    this.#refuse = refusals;
    this.#context.connectionLost?.(new Deno.errors.ConnectionReset("the soak cut it"));
  }

  async write(events: readonly Event[]): Promise<void> {
    if (performance.now() < this.#slowUntil) await new Promise((resolve) => setTimeout(resolve, 20));
    if (performance.now() < this.#failUntil) throw new Deno.errors.BrokenPipe("the soak fails it");
    for (const { value } of events) {
      const { n } = value as { n: number };
      if (this.#seen[n] === 1) this.again++;
      else this.arrived++;
      this.#seen[n] = 1;
    }
  }

  close(): void {}
}
