/** Hands the events that a processor failed on to its port `err`, as a pipeline does. @module */
import { json } from "../codec/json.ts";
import type { Codec } from "../codec/codec.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import { type Delivery, Event } from "../flow/delivery.ts";
import type { Fanout } from "../flow/fanout.ts";
import { Settlement } from "../flow/settlement.ts";
import { readable } from "../pipeline/operator_error.ts";
import type { Feed } from "./batch_feeder.ts";

/** What failed, and whose it is. */
export interface FailedFeed {
  /** What the processor was fed. */
  readonly feed: Feed;
  /** Codec of its records. */
  readonly codec: Codec;
  /** Settlement of the delivery it was made of. */
  readonly settlement: Settlement;
  /** Why. */
  readonly error: CaissonError;
}

/** Emits each event of a feed with the error; its verdict is that of what is linked to `err`. */
export function emitFailedFeed(err: Fanout, { feed, codec, settlement: own, error }: FailedFeed): void | Promise<void> {
  const { batch } = feed;
  let freed = false;
  own.retain();
  const settlement = new Settlement((failures) => {
    for (const [index, reason] of failures) feed.fail(index, reason);
    if (freed) return own.letGo();
    feed.release();
    own.release();
  }, () => {
    freed = true;
    feed.release();
    own.hold();
    own.release();
  });
  const events = Array.from(
    { length: batch.count },
    (_, index) => withError(Event.raw(batch, index, codec, settlement), error),
  );
  return err.push(deliveryOf(events, settlement));
}

/** Emits one event that the processor could not be fed. */
export function emitFailedEvent(err: Fanout, event: Event, error: CaissonError): void | Promise<void> {
  const settlement = event.settlement ?? new Settlement(() => {});
  if (event.settlement !== undefined) settlement.retain();
  return err.push(deliveryOf([withError(event, error)], settlement));
}

function withError(event: Event, error: CaissonError): Event {
  return event.with({ error: error.toJSON(), event: readable(event) });
}

function deliveryOf(events: readonly Event[], settlement: Settlement): Delivery {
  return { batch: undefined, events, codec: json, settlement };
}
