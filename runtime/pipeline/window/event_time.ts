/** What time an event says it happened. @module */
import { CaissonError } from "../../errors/caisson_error.ts";
import type { Event } from "../../flow/delivery.ts";
import { excerpt } from "../../manifest/untrusted_text.ts";
import { compileReading } from "../expected_value.ts";
import type { EventTime } from "../select_definition.ts";

const TIME = 'milliseconds since 1970, or a date as text, of each event, such as ["field", "time"]';

/** Furthest moment from 1970 that is a date. */
const MOST_TIME = 8.64e15;

/** A date with a time and no zone: UTC, as everywhere, and not where the host happens to stand. */
const noZone = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/;

/**
 * Compiles `time`; the function gives milliseconds since 1970.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for an expression that is none; the function `CAISSON_OPERATOR_FAILED`
 */
export function compileTime(
  { time, maxAheadMs = Infinity }: EventTime,
  path: string,
): (event: Event, value: unknown) => number {
  if (time === undefined) return (event) => event.timestamp;
  const of = compileReading(time, `${path}.time`, ["number", "text"], TIME);
  return (event, value) => {
    const found = of(value);
    const milliseconds = typeof found === "string"
      ? Date.parse(noZone.test(found) ? `${found}Z` : found)
      : typeof found === "bigint"
      ? Number(found)
      : found instanceof Date
      ? found.getTime()
      : found;
    if (typeof milliseconds === "number" && Math.abs(milliseconds) <= MOST_TIME) {
      if (milliseconds - event.timestamp <= maxAheadMs) return milliseconds;
      throw new CaissonError("CAISSON_OPERATOR_FAILED", {
        subject: `${path}.time`,
        found: `${new Date(milliseconds).toISOString()}, ${Math.round(milliseconds - event.timestamp)} ms ahead`,
        allowed: `up to maxAheadMs, ${maxAheadMs} ms, after it came in`,
      });
    }
    throw new CaissonError("CAISSON_OPERATOR_FAILED", {
      subject: `${path}.time`,
      found: found === undefined ? "no time" : excerpt(found),
      allowed: "milliseconds since 1970, or a date as text",
    });
  };
}
