/** Windows with a start and an end in time, ended by a watermark: aligned, sliding, session. @module */
import type { Event } from "../../flow/delivery.ts";
import type { GroupKey } from "../group_by.ts";
import type { Emit, Snapshot, Warn } from "../operator.ts";
import type { EventLimit, EventTime, WindowLimits } from "../select_definition.ts";
import { forAll } from "./for_all.ts";
import { Held } from "../held.ts";
import { GroupTable } from "./group_table.ts";
import { RareReport } from "./rare_report.ts";
import { exactWindow, type Open, openWindow, sessionWindow, type Span, type TimedGroup } from "./timed_group.ts";
import type { WindowResult } from "./window_result.ts";
import type { Windows } from "./window_operator.ts";

/** A frame that gathers what a finer one has closed. */
export interface CoarserFrame {
  /** Its name. */
  readonly name: string;
  /** How long, milliseconds; a multiple of the finer frame. */
  readonly intervalMs: number;
  /** Most events, as {@linkcode EventLimit}. */
  readonly maxEvents?: number | undefined;
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
  /** Frames fed by these windows, each by the one before. @default {none} */
  readonly coarser?: readonly CoarserFrame[];
}

/** Windows that are open side by side until the watermark passes their end. */
export class TimedWindows implements Windows<TimedGroup> {
  /** The groups. */
  readonly groups: GroupTable<TimedGroup>;
  readonly ports: readonly string[] = ["late"];
  readonly nextTimer?: () => number | undefined;
  readonly onTimer?: (now: number, emit: Emit) => void;
  readonly #options: TimedWindowsOptions;
  readonly #result: WindowResult;
  readonly #lateness: number;
  readonly #coarser: readonly CoarserFrame[];
  /** Most events of a window, by frame. */
  readonly #most: readonly number[];
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
    this.#coarser = options.coarser ?? [];
    this.#most = [options, ...this.#coarser].map(({ maxEvents }) => maxEvents ?? result.mostEvents);
    this.groups = new GroupTable<TimedGroup>({
      maxGroups: options.maxGroups,
      maxKeyBytes: options.maxKeyBytes,
      onOverflow: options.onOverflow,
      make: (key) => ({ key, frames: this.#most.map(() => []) }),
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

  #addTo(group: TimedGroup, span: Span, event: Event, value: unknown, emit: Emit): void {
    const open = (this.#options.merge ? sessionWindow : exactWindow)(group.frames[0]!, span, this.#result.aggregates);
    // Its result came into the system with its last event, whatever time the events tell: a window behind this one by
    // the time events came in, and the report of latencies, ask for that.
    open.pane.add(event, value, event.timestamp);
    const ended = open.end <= this.#watermark;
    this.#earliest = Math.min(this.#earliest, ended ? open.end + this.#lateness : open.end);
    if (this.#endFull(group, 0, open, emit)) return;
    // Late, but not too late: the result is said anew at once.
    if (ended) this.#send(group, 0, open, emit);
  }

  /** Ends a window that has as many events as it may; what comes later is one of its own, between the same moments. */
  #endFull(group: TimedGroup, level: number, open: Open, emit: Emit): boolean {
    const most = this.#most[level]!;
    if (open.pane.count < most) return false;
    this.groups.endedFull(group.key.values, most);
    group.frames[level] = group.frames[level]!.filter((each) => each !== open);
    this.#send(group, level, open, emit);
    this.#pass(group, level, open, emit);
    return true;
  }

  /** Hands what a closed window gathered to the next coarser frame. */
  #pass(group: TimedGroup, level: number, open: Open, emit: Emit): void {
    const frame = this.#coarser[level];
    if (frame === undefined) return;
    if (open.failed) return open.passed.settle(false);
    const end = alignedEnd(open.start, frame);
    const span = { start: end - frame.intervalMs, end };
    const coarse = exactWindow(group.frames[level + 1]!, span, this.#result.aggregates);
    coarse.pane.merge(open.pane);
    coarse.pane.held.addAll(open.passed);
    open.passed.settle(false);
    this.#earliest = Math.min(this.#earliest, coarse.end + this.#lateness);
    this.#endFull(group, level + 1, coarse, emit);
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
    forAll(this.#most.keys(), (level) => this.#settleFrame(level, emit));
  }

  #settleFrame(level: number, emit: Emit): void {
    const coarsest = level === this.#coarser.length;
    const ready: [TimedGroup, Open][] = [];
    const closed: [TimedGroup, Open][] = [];
    for (const [id, group] of this.groups.entries()) {
      const kept: Open[] = [];
      for (const open of group.frames[level]!) {
        const closes = open.end + this.#lateness;
        // A coarser frame waits for the last word of the finer one.
        const ends = level === 0 ? open.end : closes;
        if (ends <= this.#watermark && open.revision === 0) ready.push([group, open]);
        if (closes <= this.#watermark) {
          closed.push([group, open]);
          continue;
        }
        this.#earliest = Math.min(this.#earliest, ends <= this.#watermark ? closes : ends);
        kept.push(open);
      }
      group.frames[level] = kept;
      if (coarsest && group.frames.every((frame) => frame.length === 0)) this.groups.delete(id);
    }
    for (const windows of [ready, closed]) windows.sort(byEnd);
    try {
      forAll(ready, ([group, open]) => this.#send(group, level, open, emit));
    } finally {
      forAll(closed, ([group, open]) => this.#pass(group, level, open, emit));
    }
  }

  #send({ key }: TimedGroup, level: number, open: Open, emit: Emit): void {
    const { pane, start, end, revision } = open;
    open.revision++;
    const { name = "window 1" } = level === 0 ? this.#options : this.#coarser[level - 1]!;
    const facts = { name, start, end, revision };
    if (level === this.#coarser.length) return this.#result.emit(pane, key.values, facts, this.groups.size, emit);
    const kept = new Held();
    kept.addAll(pane.held);
    try {
      this.#result.emit(pane, key.values, facts, this.groups.size, emit);
    } catch (error) {
      // A result said anew is about late events only: those before them have been delivered.
      open.failed ||= revision === 0;
      kept.settle(true, error);
      throw error;
    }
    // What was emitted took the verdicts along; the coarser frame waits for one of its own.
    open.passed.addAll(kept);
    kept.settle(false);
  }

  /** When the last of what is open ends, or of the coarser frames that will hold it. */
  #latestEnd(): number {
    const coarsest = this.#coarser.at(-1);
    let latest = -Infinity;
    for (const [, { frames }] of this.groups.entries()) {
      for (const { start, end } of frames.flat()) {
        latest = Math.max(latest, coarsest === undefined ? end : alignedEnd(start, coarsest) + this.#lateness);
      }
    }
    return latest;
  }

  #flushGroups(groups: readonly TimedGroup[], emit: Emit): void {
    forAll(this.#most.keys(), (level) => {
      const open = groups.flatMap((group) =>
        group.frames[level]!.splice(0).map((each): [TimedGroup, Open] => [group, each])
      );
      open.sort(byEnd);
      const unsent = open.filter(([, { revision }]) => revision === 0);
      try {
        forAll(unsent, ([group, each]) => this.#send(group, level, each, emit));
      } finally {
        forAll(open, ([group, each]) => this.#pass(group, level, each, emit));
      }
    });
  }

  flush(emit: Emit): void {
    const groups = [...this.groups.entries()];
    for (const [id] of groups) this.groups.delete(id);
    try {
      this.#flushGroups(groups.map(([, group]) => group), emit);
    } finally {
      this.#earliest = Infinity;
    }
  }

  snapshot(): Snapshot {
    return [
      this.#watermark,
      this.#lastArrival,
      [...this.groups.entries()].map(([, { key, frames }]) => [
        key,
        ...frames.map((frame) =>
          frame.map(({ start, end, pane, revision }) => [start, end, revision, pane.snapshot()])
        ),
      ]),
    ];
  }

  restore(state: Snapshot): void {
    const [watermark, lastArrival, groups] = state as [
      number,
      number,
      [GroupKey, ...[number, number, number, Snapshot][][]][],
    ];
    this.#watermark = watermark;
    this.#lastArrival = lastArrival;
    for (const [key, ...frames] of groups) {
      const group = this.groups.restore(key);
      for (const [level, frame] of frames.entries()) {
        for (const [start, end, revision, state] of frame) {
          const open = openWindow({ start, end }, this.#result.aggregates);
          open.pane.restore(state);
          open.revision = revision;
          group.frames[level]!.push(open);
          this.#earliest = Math.min(this.#earliest, revision > 0 || level > 0 ? end + this.#lateness : end);
        }
      }
    }
  }
}

function alignedEnd(time: number, { intervalMs }: CoarserFrame): number {
  return Math.floor(time / intervalMs) * intervalMs + intervalMs;
}

/** Results come out, and coarser frames are filled, in the order of time. */
function byEnd([, left]: readonly [TimedGroup, Open], [, right]: readonly [TimedGroup, Open]): number {
  return left.end - right.end;
}
