/** A link that tries failed events again and sends what keeps failing to a dead letter. @module */
import { failEvent } from "../connector/batch_feeder.ts";
import type { Codec } from "../codec/codec.ts";
import { Batch } from "../data/batch.ts";
import type { FailedEvent, LetterBox } from "./dead_letters.ts";
import { type Consumer, type Delivery, Event, eventsOf } from "./delivery.ts";
import { Settlement } from "./settlement.ts";

/** What is done with events that were not delivered. */
export interface RetryPolicy {
  /** Deliveries in all before an event is given up. */
  readonly attempts: number;
  /** Wait before the second delivery, milliseconds; it doubles each time. */
  readonly intervalMs: number;
  /** Longest wait, milliseconds. */
  readonly maxIntervalMs: number;
}

/** Wait before the next delivery of something that failed `attempts` times, milliseconds. */
export function backOffOf({ intervalMs, maxIntervalMs }: RetryPolicy, attempts: number): number {
  return Math.min(maxIntervalMs, intervalMs * 2 ** Math.min(attempts - 1, 30));
}

/** What a {@linkcode GuardedLink} needs. */
export interface GuardedLinkOptions {
  /** Takes the events. */
  readonly to: Consumer;
  /** How often they are tried. */
  readonly retry: RetryPolicy;
  /** Takes what is given up. @default {it fails} */
  readonly letters?: LetterBox | undefined;
  /** Aborted when the flow stops: what waits is then tried once more, at once. */
  readonly reading: AbortSignal;
}

/** One delivery, until all of its events have a verdict. */
interface Round {
  /** As it came; its settlement hears the verdict. */
  readonly outer: Settlement;
  readonly codec: Codec;
  readonly batch: Batch | undefined;
  /** Those under way; `undefined` means all of the batch. */
  events: readonly Event[] | undefined;
  /** Deliveries so far. */
  attempts: number;
  /** The flow stops: what fails now is given up. */
  isLast: boolean;
  /** Nobody reads the batch any longer: only the verdict is open. */
  isHeld: boolean;
}

/** Stands in front of what a link leads to. Each event gets one verdict: delivered, in the dead letter, or failed. */
export class GuardedLink implements Consumer {
  readonly #options: GuardedLinkOptions;
  readonly #wake = (): void => this.#hurry();
  /** Rounds that wait for their next attempt, with their timers. */
  readonly #waiting = new Map<Round, ReturnType<typeof setTimeout>>();
  /** Rounds without a verdict whose events nobody keeps for later. */
  #open = 0;
  /** Rounds without a verdict, of any kind. */
  #rounds = 0;
  #last = false;
  #closed = false;
  #listeners: (() => void)[] = [];

  /** Stands ready. */
  constructor(options: GuardedLinkOptions) {
    this.#options = options;
    options.reading.addEventListener("abort", this.#wake);
  }

  /** As what it leads to. */
  readsValues(codec: Codec): boolean {
    return this.#options.to.readsValues?.(codec) ?? true;
  }

  /** Hands a delivery on and waits for its verdict. */
  push({ batch, events, codec, settlement }: Delivery): void | Promise<void> {
    this.#rounds++;
    return this.#attempt({ outer: settlement, codec, batch, events, attempts: 0, isLast: false, isHeld: false });
  }

  #attempt(round: Round): void | Promise<void> {
    const { batch, codec, events } = round;
    round.attempts++;
    this.#open++;
    let freed = false;
    const inner = new Settlement((failures) => {
      if (!freed) this.#open--;
      this.#judge(round, failures);
    }, () => {
      // An operator further on keeps the verdicts, maybe for long: the memory goes back, so what may fail is copied.
      freed = true;
      this.#open--;
      this.#keep(round);
      this.#changed();
    });
    return this.#options.to.push({
      batch,
      events: events?.map((event, index) => event.settledBy(inner, index)),
      codec,
      settlement: inner,
    });
  }

  #eventsOf({ batch, events, codec, outer }: Round): readonly Event[] {
    return events ?? eventsOf({ batch, events, codec, settlement: outer });
  }

  #keep(round: Round): void {
    if (round.isHeld) return;
    round.events = copyEvents(this.#eventsOf(round));
    round.isHeld = true;
    round.outer.hold();
    round.outer.release();
  }

  #judge(round: Round, failures: ReadonlyMap<number, unknown>): void {
    if (failures.size === 0) return this.#finish(round);
    const all = this.#eventsOf(round);
    const failed = [...failures].sort(([a], [b]) => a - b).map(([index, reason]): FailedEvent => ({
      event: all[index]!,
      reason,
      attempts: round.attempts,
    }));
    const { retry, reading } = this.#options;
    if (this.#closed || this.#last || round.isLast || round.attempts >= retry.attempts) {
      return this.#giveUp(round, failed);
    }
    round.isLast = reading.aborted;
    round.events = failed.map(({ event }) => event);
    const wait = reading.aborted ? 0 : backOffOf(retry, round.attempts);
    this.#waiting.set(round, setTimeout(() => this.#again(round), wait));
  }

  #again(round: Round): void {
    this.#waiting.delete(round);
    // Not waited for: as many can be under way as deliveries came, and their senders wait for their verdicts.
    void this.#attempt(round);
  }

  /** The flow stops: nobody waits for a long back-off. */
  #hurry(): void {
    for (const [round, timer] of this.#waiting) {
      clearTimeout(timer);
      round.isLast = true;
      this.#waiting.set(round, setTimeout(() => this.#again(round), 0));
    }
  }

  #giveUp(round: Round, failed: readonly FailedEvent[]): void {
    const { letters } = this.#options;
    if (letters === undefined || this.#closed) {
      for (const { event, reason } of failed) failEvent(event, reason);
      return this.#finish(round);
    }
    letters.send(failed, (lost) => {
      for (const index of lost.keys()) failEvent(failed[index]!.event, failed[index]!.reason);
      this.#finish(round);
    });
  }

  #finish({ isHeld, outer }: Round): void {
    this.#rounds--;
    if (isHeld) outer.letGo();
    else outer.release();
    this.#changed();
  }

  /** Waits for what is under way, lets the taker drain, and waits for what that brings; its failures are final. */
  async drain(): Promise<void> {
    while ((this.#open > 0 || this.#waiting.size > 0) && !this.#closed) await this.#change();
    this.#last = true;
    await this.#options.to.drain();
    while (this.#rounds > 0 && !this.#closed) await this.#change();
  }

  /** Fails what waits; nothing is tried again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.reading.removeEventListener("abort", this.#wake);
    for (const [round, timer] of this.#waiting) {
      clearTimeout(timer);
      for (const event of round.events!) failEvent(event, "the flow ended before the next attempt");
      this.#finish(round);
    }
    this.#waiting.clear();
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  #changed(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

/** The same events, none of which points into a batch that is filled again. */
function copyEvents(events: readonly Event[]): Event[] {
  const raw = events.filter(({ isRaw }) => isRaw);
  const arenaBytes = raw.reduce((sum, { batch, index }) => sum + ((batch!.payloadLength(index) + 7) & ~7), 0);
  const copy = Batch.allocate({ capacity: Math.max(1, raw.length), arenaBytes });
  return events.map((event) => {
    if (event.batch === undefined) return event;
    copy.appendBytes(event.batch.payload(event.index), event.timestamp);
    const at = copy.count - 1;
    copy.setPartition(at, event.stream);
    return Event.raw(copy, at, event.codec, event.settlement, event.origin);
  });
}
