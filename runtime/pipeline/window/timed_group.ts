/** What is open of one group of windows with a start and an end in time. @module */
import type { GroupKey } from "../group_by.ts";
import { Held } from "../held.ts";
import type { CompiledAggregate } from "../target.ts";
import { Pane } from "./pane.ts";

/** From when to when a window goes, milliseconds; the end is no part of it. */
export interface Span {
  /** First moment. */
  readonly start: number;
  /** First moment after it. */
  readonly end: number;
}

/** An open window. */
export interface Open {
  start: number;
  end: number;
  readonly pane: Pane;
  /** Results so far; late events make more. */
  revision: number;
  /** Events whose result was sent and that wait for the coarser frame's, too. */
  readonly passed: Held;
  /** Its result could not be sent: its events have failed, and are no part of coarser frames. */
  failed: boolean;
}

/** The open windows of a group. */
export interface TimedGroup {
  readonly key: GroupKey;
  /** From the finest frame to the coarsest. */
  readonly frames: Open[][];
}

/** An empty window. */
export function openWindow({ start, end }: Span, aggregates: readonly CompiledAggregate[]): Open {
  return { start, end, pane: new Pane(aggregates), revision: 0, passed: new Held(), failed: false };
}

/** The window that begins at a moment; made when there is none. */
export function exactWindow(frame: Open[], span: Span, aggregates: readonly CompiledAggregate[]): Open {
  const known = frame.find(({ start }) => start === span.start);
  if (known !== undefined) return known;
  const open = openWindow(span, aggregates);
  frame.push(open);
  return open;
}

/** The session a span belongs to; it may join several that were apart so far. */
export function sessionWindow(frame: Open[], { start, end }: Span, aggregates: readonly CompiledAggregate[]): Open {
  const touching = frame.filter((open) => open.start <= end && start <= open.end);
  const [first, ...others] = touching.sort((left, right) => left.start - right.start);
  if (first === undefined) {
    const open = openWindow({ start, end }, aggregates);
    frame.push(open);
    return open;
  }
  first.start = Math.min(first.start, start);
  first.end = Math.max(first.end, end);
  for (const other of others) {
    first.pane.merge(other.pane);
    other.pane.held.settle(false);
    first.end = Math.max(first.end, other.end);
    first.revision = Math.max(first.revision, other.revision);
    frame.splice(frame.indexOf(other), 1);
  }
  return first;
}
