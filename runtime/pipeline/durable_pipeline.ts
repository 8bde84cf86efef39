/** A pipeline whose state survives the process: state and source position commit together, then events are acked. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, type Event, eventsOf } from "../flow/delivery.ts";
import { Settlement } from "../flow/settlement.ts";
import type { Pipeline } from "./pipeline.ts";
import type { StateStore } from "./store/state_store.ts";

/** Where the verdict about one event goes. */
type Origin = Pick<Event, "settlement" | "origin">;

function fail({ settlement, origin }: Origin, reason: unknown): void {
  settlement?.fail(origin, reason);
}

/** A commit that took long is followed by so many times as long without one: writing a large state must not be all it does. */
const PAUSE_A_COMMIT = 9;

/** What a {@linkcode DurablePipeline} needs. */
export interface DurablePipelineOptions {
  /** The pipeline. */
  readonly pipeline: Pipeline;
  /** Where its state is kept. */
  readonly store: Pick<StateStore, "load" | "save">;
  /** `flow/pipeline`: the name of its state. */
  readonly alias: string;
  /** How often the state is committed, milliseconds; less often where writing it takes more than a tenth. @default {1000} */
  readonly everyMs?: number | undefined;
  /** Whether the flow is stopped before its source has ended: then open windows are kept, and not handed on. */
  readonly stopped: () => boolean;
  /** Told when the state cannot be committed. */
  readonly onError: (error: CaissonError) => void;
}

/**
 * Runs a pipeline behind a source that gives the same events in the same order each time it is read.
 *
 * A commit waits until everything the pipeline handed on has been delivered, so that a result is never in the past of a state
 * without having reached its sinks. Events read again after a restart are acked and skipped up to the committed position. Results
 * given between the last commit and a crash are given once more, with the same values.
 */
export class DurablePipeline implements Consumer {
  readonly #options: DurablePipelineOptions;
  readonly #everyMs: number;
  #skip: number;
  #taken = 0;
  #undelivered = 0;
  #delivered: (() => void) | undefined;
  #pending: { readonly settlement: Settlement; readonly origins: readonly Origin[] }[] = [];
  #turn: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** How long the last commit took, milliseconds. */
  #commitMs = 0;

  /**
   * Takes up the last state.
   *
   * @throws {CaissonError} `CAISSON_STATE_MISMATCH` when it is of another pipeline
   */
  constructor(options: DurablePipelineOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? 1000;
    const stored = options.store.load(options.alias);
    if (stored !== undefined) options.pipeline.restore(stored.state);
    this.#skip = stored?.position ?? 0;
  }

  /** Events of the source that were skipped or taken in. */
  get position(): number {
    return this.#taken;
  }

  push(delivery: Delivery): Promise<void> {
    return this.#inTurn(() => this.#take(delivery));
  }

  #inTurn(work: () => void | Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #take(delivery: Delivery): void | Promise<void> {
    const events = eventsOf(delivery);
    const skipped = Math.min(this.#skip, events.length);
    this.#skip -= skipped;
    this.#taken += events.length;
    if (skipped === events.length) {
      delivery.settlement.release();
      return;
    }
    const origins = events.slice(skipped).map(({ settlement, origin }): Origin => ({ settlement, origin }));
    delivery.settlement.hold();
    this.#pending.push({ settlement: delivery.settlement, origins });
    const settlement = this.#watch(delivery.settlement, origins);
    const taken = events.slice(skipped).map((event, index) => event.settledBy(settlement, index));
    this.#timer ??= setTimeout(
      () => void this.#inTurn(() => this.#commit()),
      Math.max(this.#everyMs, this.#commitMs * PAUSE_A_COMMIT),
    );
    return this.#options.pipeline.push({ batch: delivery.batch, events: taken, codec: delivery.codec, settlement });
  }

  /** A settlement between pipeline and source: what windows hold beyond a commit is in the state, and no longer the source's. */
  #watch(source: Settlement, origins: readonly Origin[]): Settlement {
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      source.release();
      if (--this.#undelivered === 0) this.#delivered?.();
    };
    this.#undelivered++;
    return new Settlement((failures) => {
      for (const [index, reason] of failures) fail(origins[index]!, reason);
      release();
    }, release);
  }

  async #commit(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { pipeline, store, alias, onError } = this.#options;
    for (;;) {
      if (this.#undelivered > 0) await new Promise<void>((resolve) => this.#delivered = resolve);
      if (pipeline.undelivered === 0) break;
      await pipeline.delivered();
    }
    if (this.#skip > 0) return;
    // From here to the acks nothing is awaited: no event can come between a state and its position.
    const started = performance.now();
    try {
      store.save(alias, { position: this.#taken, state: pipeline.snapshot() });
    } catch (thrown) {
      const error = new CaissonError("CAISSON_STATE_UNREADABLE", {
        subject: alias,
        found: messageOf(thrown),
        cause: thrown,
      });
      onError(error);
      // Their state is lost with the process: only the source can give them again.
      for (const { origins } of this.#pending) for (const origin of origins) fail(origin, error);
    }
    this.#commitMs = performance.now() - started;
    for (const { settlement } of this.#pending.splice(0)) settlement.letGo();
  }

  async drain(): Promise<void> {
    await this.#turn;
    const stopped = this.#options.stopped();
    // Before results that end windows early: a crash while they are given must find the windows still open.
    await this.#inTurn(() => this.#commit());
    await this.#options.pipeline.drain(!stopped);
    if (!stopped) await this.#inTurn(() => this.#commit());
  }

  /** Stops its timer. What was not committed is read again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
