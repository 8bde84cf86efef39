/** Windows with a start and an end in time, ended by a watermark: aligned, sliding, session. @module */
import type { Event } from "../../flow/delivery.ts";
import type { GroupKey } from "../group_by.ts";
import type { Emit, Snapshot, Warn } from "../operator.ts";
import type { EventLimit, EventTime, WindowLimits } from "../select_definition.ts";
import { forAll } from "./for_all.ts";
import { GroupTable } from "./group_table.ts";
import { Pane } from "./pane.ts";
import { RareReport } from "./rare_report.ts";
import type { WindowResult } from "./window_result.ts";
import type { Windows } from "./window_operator.ts";

/** From when to when a window goes, milliseconds; the end is no part of it. */
export interface Span {
  /** First moment. */
  readonly start: number;
  /** First moment after it. */
  readonly end: number;
}

interface Open {
  start: number;
  end: number;
  readonly pane: Pane;
  /** Results so far; late events make more. */
  revision: number;
}

interface Group {
  readonly key: GroupKey;
  open: Open[];
}

/** What {@linkcode TimedWindows} need. */
export interface TimedWindowsOptions extends EventTime, WindowLimits, EventLimit {
  /** When an event happened. */
  readonly timeOf: (event: Event, value: unknown) => number;
  /** The windows a moment belongs to. */
  readonly assign: (time: number) => readonly Span[];
  /** Whether windows that overlap are one: sessions. */
  readonly merge: boolean;
  /** Whether the host's clock moves the watermark, too: there is no event time. */
  readonly processing: boolean;
}

/** Windows that are open side by side until the watermark passes their end. */
export class TimedWindows implements Windows<Group> {
  /** The groups. */
  readonly groups: GroupTable<Group>;
  readonly ports: readonly string[] = ["late"];
  readonly nextTimer?: () => number | undefined;
  readonly onTimer?: (now: number, emit: Emit) => void;
  readonly #options: TimedWindowsOptions;
  readonly #result: WindowResult;
  readonly #lateness: number;
  readonly #most: number;
  #watermark = -Infinity;
  /** The watermark has nothing to do before it is here. */
  #earliest = Infinity;
  #lastArrival = -Infinity;
  /** Nothing came since windows ended for that reason: those kept for late events wait for events, not for time. */
  #isQuiet = false;
  #late: Emit | undefined;
  #lateLinked = false;
  #warn: Warn | undefined;
  readonly #dropped = new RareReport();

  /** Takes checked options. */
  constructor(options: TimedWindowsOptions, result: WindowResult) {
    this.#options = options;
    this.#result = result;
    this.#lateness = options.latenessMs ?? 0;
    this.#most = options.maxEvents ?? result.mostEvents;
    this.groups = new GroupTable<Group>({
      maxGroups: options.maxGroups,
      maxKeyBytes: options.maxKeyBytes,
      onOverflow: options.onOverflow,
      make: (key) => ({ key, open: [] }),
      evict: (group, emit) => this.#flushGroups([group], emit),
    });
    const { processing, idleMs } = options;
    if (processing || idleMs !== undefined) {
      this.nextTimer = () => {
        if (this.#earliest === Infinity || this.#isQuiet) return undefined;
        return processing ? this.#earliest : this.#lastArrival + idleMs!;
      };
      this.onTimer = (now, emit) => {
        // Nothing came for so long: what is open ends as if time had passed, the latest end first known.
        const to = processing ? now : this.#latestEnd();
        this.#isQuiet = !processing;
        this.#watermark = Math.max(this.#watermark, to);
        this.settle(emit);
      };
    }
  }

  bind(port: (name: string) => Emit, warn: Warn): void {
    this.#late = port("late");
    this.#warn = warn;
  }

  linked(port: string, linked: boolean): void {
    if (port === "late") this.#lateLinked = linked;
  }

  /** How far time has come: windows that ended before have given their result. */
  get watermark(): number {
    return this.#watermark;
  }

  add(key: GroupKey, event: Event, value: unknown, emit: Emit): boolean {
    const time = this.#options.timeOf(event, value);
    this.#lastArrival = Math.max(this.#lastArrival, event.timestamp);
    const spans = this.#options.assign(time).filter(({ end }) => end + this.#lateness > this.#watermark);
    if (spans.length === 0) return this.#turnAway(event);
    this.#isQuiet = false;
    if (!this.groups.hasRoomFor(key)) {
      // Time goes on with events that are turned away, too: groups that have ended must not keep the others out for ever.
      this.#advance(time);
      this.settle(emit);
    }
    const group = this.groups.take(key, event, emit);
    if (group === undefined) return false;
    for (const span of spans) this.#addTo(group, span, event, value, emit);
    this.#advance(time);
    return true;
  }

  #advance(time: number): void {
    this.#watermark = Math.max(this.#watermark, time - (this.#options.delayMs ?? 0));
  }

  #addTo(group: Group, span: Span, event: Event, value: unknown, emit: Emit): void {
    const open = this.#options.merge ? this.#session(group, span) : this.#exact(group, span);
    // Its result came into the system with its last event, whatever time the events tell: a window behind this one by
    // the time events came in, and the report of latencies, ask for that.
    open.pane.add(event, value, event.timestamp);
    const ended = open.end <= this.#watermark;
    this.#earliest = Math.min(this.#earliest, ended ? open.end + this.#lateness : open.end);
    const full = open.pane.count >= this.#most;
    if (full) {
      this.groups.endedFull(group.key.values, this.#most);
      // What comes later is a window of its own, between the same moments.
      group.open = group.open.filter((each) => each !== open);
    }
    // Late, but not too late: the result is said anew at once.
    if (ended || full) this.#send(group, open, emit);
  }

  #exact(group: Group, { start, end }: Span): Open {
    const known = group.open.find((each) => each.start === start);
    if (known !== undefined) return known;
    const open: Open = { start, end, pane: new Pane(this.#result.aggregates), revision: 0 };
    group.open.push(open);
    return open;
  }

  /** The session a span belongs to; it may join several that were apart so far. */
  #session(group: Group, { start, end }: Span): Open {
    const touching = group.open.filter((open) => open.start <= end && start <= open.end);
    const [first, ...others] = touching.sort((left, right) => left.start - right.start);
    if (first === undefined) {
      const open: Open = { start, end, pane: new Pane(this.#result.aggregates), revision: 0 };
      group.open.push(open);
      return open;
    }
    first.start = Math.min(first.start, start);
    first.end = Math.max(first.end, end);
    for (const other of others) {
      first.pane.merge(other.pane);
      other.pane.held.settle(false);
      first.end = Math.max(first.end, other.end);
      first.revision = Math.max(first.revision, other.revision);
    }
    if (others.length > 0) group.open = group.open.filter((open) => !others.includes(open));
    return first;
  }

  #turnAway(event: Event): boolean {
    if (this.#lateLinked) return this.#late!(event);
    if (this.#dropped.again()) {
      this.#warn?.({
        found: `a late event; ${this.#dropped.count} dropped so far`,
        allowed: "events before the watermark passes the end of their window",
        action: "Raise delayMs or latenessMs, or connect the port late.",
      });
    }
    return false;
  }

  /** Ends what the watermark has passed, earliest ends first. */
  settle(emit: Emit): void {
    if (this.#watermark < this.#earliest) return;
    this.#earliest = Infinity;
    const ready: [Group, Open][] = [];
    for (const [id, group] of this.groups.entries()) {
      const kept: Open[] = [];
      for (const open of group.open) {
        const closes = open.end + this.#lateness;
        if (open.end <= this.#watermark && open.revision === 0) ready.push([group, open]);
        if (closes <= this.#watermark) continue;
        this.#earliest = Math.min(this.#earliest, open.end <= this.#watermark ? closes : open.end);
        kept.push(open);
      }
      group.open = kept;
      if (kept.length === 0) this.groups.delete(id);
    }
    ready.sort(([, left], [, right]) => left.end - right.end);
    forAll(ready, ([group, open]) => this.#send(group, open, emit));
  }

  #send({ key }: Group, open: Open, emit: Emit): void {
    const { start, end, revision } = open;
    open.revision++;
    const { name = "window 1" } = this.#options;
    this.#result.emit(open.pane, key.values, { name, start, end, revision }, this.groups.size, emit);
  }

  #latestEnd(): number {
    let latest = -Infinity;
    for (const [, { open }] of this.groups.entries()) for (const { end } of open) latest = Math.max(latest, end);
    return latest;
  }

  #flushGroups(groups: Iterable<Group>, emit: Emit): void {
    const unsent = [...groups].flatMap((group) =>
      group.open.filter(({ revision }) => revision === 0).map((open): [Group, Open] => [group, open])
    );
    unsent.sort(([, left], [, right]) => left.end - right.end);
    forAll(unsent, ([group, open]) => this.#send(group, open, emit));
  }

  flush(emit: Emit): void {
    const groups = [...this.groups.entries()];
    for (const [id] of groups) this.groups.delete(id);
    this.#earliest = Infinity;
    this.#flushGroups(groups.map(([, group]) => group), emit);
  }

  snapshot(): Snapshot {
    return [
      this.#watermark,
      this.#lastArrival,
      [...this.groups.entries()].map(([, { key, open }]) => [
        key,
        open.map(({ start, end, pane, revision }) => [start, end, revision, pane.snapshot()]),
      ]),
    ];
  }

  restore(state: Snapshot): void {
    const [watermark, lastArrival, groups] = state as [
      number,
      number,
      [GroupKey, [number, number, number, Snapshot][]][],
    ];
    this.#watermark = watermark;
    this.#lastArrival = lastArrival;
    for (const [key, open] of groups) {
      const group = this.groups.restore(key);
      for (const [start, end, revision, state] of open) {
        const pane = new Pane(this.#result.aggregates);
        pane.restore(state);
        group.open.push({ start, end, pane, revision });
        this.#earliest = Math.min(this.#earliest, revision > 0 ? end + this.#lateness : end);
      }
    }
  }
}
