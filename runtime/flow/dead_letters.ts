/** Events that could not be delivered, on their way to the connector that keeps them. @module */
import { json } from "../codec/json.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, Event } from "./delivery.ts";
import { Settlement } from "./settlement.ts";

/** An event that was given up. */
export interface FailedEvent {
  /** The event, still readable. */
  readonly event: Event;
  /** Why the last attempt failed. */
  readonly reason: unknown;
  /** Deliveries that failed. */
  readonly attempts: number;
}

/** Where a dead letter comes from. */
export interface LetterOrigin {
  /** The flow. */
  readonly flow: string;
  /** The source whose events go over the link; several are joined by ", ". */
  readonly connector: string;
  /** The link, `from->to`. */
  readonly link: string;
}

/** What arrives at a dead-letter connector for one failed event. */
export interface DeadLetter {
  /** Its value, when it has one that JSON can hold. */
  readonly event?: unknown;
  /** Otherwise its bytes, base64. */
  readonly bytes?: string;
  /** Otherwise what it looks like. */
  readonly text?: string;
  /** Its key, base64, when it has one. */
  readonly key?: string;
  /** Its metadata, base64, when it has any. */
  readonly metadata?: string;
  /** Why the last attempt failed. */
  readonly error: { readonly code: string; readonly message: string };
  /** Deliveries that failed. */
  readonly attempts: number;
  /** Where it comes from; `timestamp` is when it entered the system, milliseconds since 1970. */
  readonly origin: LetterOrigin & { readonly timestamp: number; readonly stream?: number };
}

/** Writes the dead letters of one link. */
export class LetterBox {
  readonly #origin: LetterOrigin;
  readonly #to: Consumer;
  #busy: Promise<void> | undefined;

  /** @param to takes the letters */
  constructor(origin: LetterOrigin, to: Consumer) {
    this.#origin = origin;
    this.#to = to;
  }

  /**
   * Sends one letter an event.
   *
   * @param told once, which of them did not arrive and why; the events have to stay readable until then
   */
  send(failed: readonly FailedEvent[], told: (failures: ReadonlyMap<number, unknown>) => void): void {
    const settlement = new Settlement(told);
    const events = failed.map((each, index) =>
      Event.made(this.#letter(each), json, each.event.timestamp).settledBy(settlement, index)
    );
    const delivery: Delivery = { batch: undefined, events, codec: json, settlement };
    const pushing = this.#busy === undefined ? this.#to.push(delivery) : this.#busy.then(() => this.#to.push(delivery));
    if (pushing === undefined) return;
    const mine: Promise<void> = pushing.finally(() => {
      if (this.#busy === mine) this.#busy = undefined;
    });
    this.#busy = mine;
  }

  #letter({ event, reason, attempts }: FailedEvent): DeadLetter {
    const { timestamp, stream } = event;
    return {
      ...contentOf(event),
      ...besidesOf(event),
      error: {
        code: reason instanceof CaissonError ? reason.code : "CAISSON_SINK_FAILED",
        message: messageOf(reason),
      },
      attempts,
      origin: { ...this.#origin, timestamp, ...(stream === 0 ? {} : { stream }) },
    };
  }
}

/** Whatever the event is: what made it fail must not make its letter fail as well. */
function contentOf(event: Event): Pick<DeadLetter, "event" | "bytes" | "text"> {
  let value: unknown;
  try {
    value = event.value;
    if (!(value instanceof Uint8Array)) {
      json.encode(value);
      return { event: value };
    }
  } catch {
    // It does not decode, or JSON cannot hold it: told as bytes or text below.
  }
  if (value instanceof Uint8Array) return { bytes: base64Of(value) };
  if (event.batch !== undefined) return { bytes: base64Of(event.batch.payload(event.index)) };
  return { text: Deno.inspect(value, { depth: 8, strAbbreviateSize: 10_000 }) };
}

function besidesOf({ batch, index }: Event): Pick<DeadLetter, "key" | "metadata"> {
  if (batch === undefined) return {};
  const key = batch.key(index);
  const metadata = batch.metadata(index);
  return {
    ...(key.byteLength > 0 ? { key: base64Of(key) } : {}),
    ...(metadata.byteLength > 0 ? { metadata: base64Of(metadata) } : {}),
  };
}

function base64Of(bytes: Uint8Array): string {
  // In V8, not in TypeScript's own list yet.
  return (bytes as unknown as { toBase64(): string }).toBase64();
}
