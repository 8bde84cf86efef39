/** Tumbling windows and tilt frames: coarser windows are fed by merging what finer ones gathered. @module */
import type { Event } from "../../flow/delivery.ts";
import type { GroupKey } from "../group_by.ts";
import { Held } from "../held.ts";
import type { Emit, Snapshot } from "../operator.ts";
import { forAll } from "./for_all.ts";
import { GroupTable, type GroupTableOptions } from "./group_table.ts";
import { Pane } from "./pane.ts";
import type { TumblingRule, Turn } from "./tumbling_rule.ts";
import type { WindowResult } from "./window_result.ts";
import type { Windows } from "./window_operator.ts";

interface Frame {
  pane: Pane;
  state: number | undefined;
}

/** What is open of one group. */
export interface TumblingGroup {
  /** Which one it is. */
  readonly key: GroupKey;
  /** From the finest to the coarsest. */
  readonly frames: readonly Frame[];
  /** Whether it is in the table no longer: whoever remembers it looks for another. */
  gone: boolean;
}

type Group = TumblingGroup;

/** Windows that follow each other without a gap. */
export class TumblingWindows implements Windows<Group> {
  /** The groups. */
  readonly groups: GroupTable<Group>;
  /** Nothing is late here. */
  readonly ports: readonly string[] = [];
  /** Set only where a rule knows time: a pipeline without timers pays for none. */
  readonly nextTimer?: () => number | undefined;
  readonly onTimer?: (now: number, emit: Emit) => void;
  readonly #rules: readonly TumblingRule[];
  readonly #result: WindowResult;
  /** Most events of a window, by level; one by size ends by itself. */
  readonly #most: readonly number[];
  /** No window ends before; a bound, so that nobody has to look through all groups after each event. */
  #earliest = Infinity;

  /** Takes the rules from the finest to the coarsest. */
  constructor(
    rules: readonly TumblingRule[],
    result: WindowResult,
    limits: Pick<GroupTableOptions<Group>, "maxGroups" | "maxKeyBytes" | "onOverflow">,
    timed: boolean,
  ) {
    this.#rules = rules;
    this.#result = result;
    this.#most = rules.map(({ size, maxEvents }) => size === undefined ? maxEvents ?? result.mostEvents : Infinity);
    this.groups = new GroupTable<Group>({
      ...limits,
      make: (key) => ({
        key,
        frames: rules.map(() => ({ pane: new Pane(result.aggregates), state: undefined })),
        gone: false,
      }),
      evict: (group, emit) => {
        group.gone = true;
        this.#flushGroup(group, emit);
      },
    });
    if (timed) {
      this.nextTimer = () => this.#earliest === Infinity ? undefined : this.#earliest;
      this.onTimer = (now, emit) => this.#fire(now, emit);
    }
  }

  /** Events each window has, when there are no coarser ones and nothing else ends it. */
  get plainSize(): number | undefined {
    return this.#rules.length === 1 ? this.#rules[0]!.size : undefined;
  }

  /** Sends out the finest window of a group, whose state its rule has been told. */
  end(group: Group, value: unknown, time: number, emit: Emit): void {
    this.#send(group, 0, value, time, emit);
    this.#forgetEmpty(group);
  }

  add(key: GroupKey, event: Event, value: unknown, emit: Emit): boolean {
    const group = this.groups.take(key, event, emit);
    if (group === undefined) return false;
    const time = event.timestamp;
    const turn = this.#turn(group, 0, value, time);
    if (turn === "emit before it") this.#send(group, 0, value, time, emit);
    group.frames[0]!.pane.add(event, value, time);
    const full = this.#isFull(group, 0);
    if (turn === "keep" && !full) return true;
    if (turn === "emit with it" || full) this.#send(group, 0, value, time, emit);
    this.#forgetEmpty(group);
    return true;
  }

  #isFull(group: Group, level: number): boolean {
    const most = this.#most[level]!;
    if (group.frames[level]!.pane.count < most) return false;
    this.groups.endedFull(group.key.values, most);
    return true;
  }

  /** Lets one frame look at something new. */
  #turn(group: Group, level: number, value: unknown, time: number): Turn {
    const frame = group.frames[level]!;
    const rule = this.#rules[level]!;
    const turn = rule.turn(frame, value, time);
    const due = rule.due(frame.state);
    if (due !== undefined && due < this.#earliest) this.#earliest = due;
    return turn;
  }

  /** Hands what a finer frame gathered to the next coarser one. */
  #pass(group: Group, level: number, value: unknown, time: number, gathered: Pane, emit: Emit): void {
    const turn = this.#turn(group, level, value, time);
    if (turn === "emit before it") this.#send(group, level, value, time, emit);
    group.frames[level]!.pane.merge(gathered);
    if (turn === "emit with it" || (turn === "keep" && this.#isFull(group, level))) {
      this.#send(group, level, value, time, emit);
    }
  }

  /** Emits a frame's result, then hands what it gathered to the next coarser frame. */
  #send(group: Group, level: number, value: unknown, time: number, emit: Emit): void {
    const frame = group.frames[level]!;
    const { pane } = frame;
    if (pane.count === 0) return;
    const coarser = level + 1 < group.frames.length;
    const kept = new Held();
    if (coarser) kept.addAll(pane.held);
    const facts = { name: this.#rules[level]!.name, start: pane.first, end: pane.last };
    // Whatever comes of it: an event that comes meanwhile, or after a failure, belongs to the next window.
    frame.pane = new Pane(this.#result.aggregates);
    try {
      this.#result.emit(pane, group.key.values, facts, this.groups.size, emit);
    } catch (error) {
      kept.settle(true, error);
      throw error;
    }
    if (!coarser) return;
    // What was emitted took the verdicts along; the coarser frame waits for one of its own.
    pane.held.addAll(kept);
    kept.settle(false);
    this.#pass(group, level + 1, value, time, pane, emit);
    pane.held.settle(false);
  }

  #forgetEmpty(group: Group): void {
    for (const { pane } of group.frames) if (pane.count > 0) return;
    // What a rule remembers beyond its window, such as the surplus of an increment, goes with the group, as in Tremor.
    group.gone = true;
    this.groups.delete(group.key.id);
  }

  #fire(now: number, emit: Emit): void {
    this.#earliest = Infinity;
    forAll(this.groups.entries(), ([, group]) => {
      for (const [level, rule] of this.#rules.entries()) {
        const frame = group.frames[level]!;
        const due = rule.due(frame.state);
        if (due === undefined) continue;
        if (due > now) {
          this.#earliest = Math.min(this.#earliest, due);
          continue;
        }
        // The next event starts a window of its own.
        frame.state = undefined;
        this.#send(group, level, frame.pane.value, now, emit);
      }
      this.#forgetEmpty(group);
    });
  }

  #flushGroup(group: Group, emit: Emit): void {
    for (const level of group.frames.keys()) {
      const frame = group.frames[level]!;
      this.#send(group, level, frame.pane.value, frame.pane.last, emit);
    }
  }

  flush(emit: Emit): void {
    forAll(this.groups.entries(), ([id, group]) => {
      group.gone = true;
      this.groups.delete(id);
      this.#flushGroup(group, emit);
    });
    this.#earliest = Infinity;
  }

  snapshot(): Snapshot {
    return [...this.groups.entries()].map(([, { key, frames }]) => [
      key,
      frames.map(({ pane, state }) => [state, pane.snapshot()]),
    ]);
  }

  restore(state: Snapshot): void {
    for (const [key, frames] of state as [GroupKey, [number | undefined, Snapshot][]][]) {
      const group = this.groups.restore(key);
      for (const [level, [ruleState, pane]] of frames.entries()) {
        const frame = group.frames[level]!;
        frame.state = ruleState;
        frame.pane.restore(pane);
        this.#earliest = Math.min(this.#earliest, this.#rules[level]!.due(ruleState) ?? Infinity);
      }
    }
  }
}
