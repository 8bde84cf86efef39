/** The last so many events of a group, every so many: panes of `every` events, merged. @module */
import type { Event } from "../../flow/delivery.ts";
import type { GroupKey } from "../group_by.ts";
import type { Emit, Snapshot } from "../operator.ts";
import type { SlidingSizeWindow } from "../select_definition.ts";
import { forAll } from "./for_all.ts";
import { GroupTable } from "./group_table.ts";
import { Pane } from "./pane.ts";
import type { WindowResult } from "./window_result.ts";
import type { Windows } from "./window_operator.ts";

interface Group {
  readonly key: GroupKey;
  /** Oldest first; all but the last are full. */
  readonly panes: Pane[];
}

/** Sliding windows by number of events. */
export class SlidingSizeWindows implements Windows<Group> {
  /** The groups. */
  readonly groups: GroupTable<Group>;
  /** Nothing is late here. */
  readonly ports: readonly string[] = [];
  readonly #definition: SlidingSizeWindow;
  readonly #every: number;
  readonly #result: WindowResult;

  /** Takes a checked definition. */
  constructor(definition: SlidingSizeWindow, result: WindowResult) {
    this.#definition = definition;
    this.#every = definition.every ?? 1;
    this.#result = result;
    this.groups = new GroupTable<Group>({
      maxGroups: definition.maxGroups,
      maxKeyBytes: definition.maxKeyBytes,
      onOverflow: definition.onOverflow,
      make: (key) => ({ key, panes: [new Pane(result.aggregates)] }),
      evict: (group, emit) => this.#flushGroup(group, emit),
    });
  }

  add(key: GroupKey, event: Event, value: unknown, emit: Emit): boolean {
    const group = this.groups.take(key, event, emit);
    if (group === undefined) return false;
    const { panes } = group;
    let last = panes.at(-1)!;
    if (last.count === this.#every) panes.push(last = new Pane(this.#result.aggregates));
    last.add(event, value, event.timestamp);
    if (last.count < this.#every) return true;
    const most = this.#definition.size / this.#every;
    while (panes.length > most) panes.shift()!.held.settle(false);
    if (panes.length === most) this.#send(group, emit);
    return true;
  }

  #send({ key, panes }: Group, emit: Emit): void {
    const whole = new Pane(this.#result.aggregates);
    // The panes keep their holds until they slide out: an event has the worst verdict of all results it is part of.
    for (const pane of panes) whole.merge(pane);
    const { name = "window 1" } = this.#definition;
    const facts = { name, start: whole.first, end: whole.last };
    this.#result.emit(whole, key.values, facts, this.groups.size, emit);
  }

  /** Events that were part of no result yet make one more. */
  #flushGroup(group: Group, emit: Emit): void {
    const { panes } = group;
    while (panes.length * this.#every > this.#definition.size) panes.shift()!.held.settle(false);
    const unsent = panes.at(-1)!.count < this.#every || panes.length * this.#every < this.#definition.size;
    const events = panes.reduce((sum, { count }) => sum + count, 0);
    try {
      if (unsent && events > 0) this.#send(group, emit);
    } finally {
      for (const pane of panes) pane.held.settle(false);
    }
  }

  flush(emit: Emit): void {
    forAll(this.groups.entries(), ([id, group]) => {
      this.groups.delete(id);
      this.#flushGroup(group, emit);
    });
  }

  snapshot(): Snapshot {
    return [...this.groups.entries()].map(([, { key, panes }]) => [key, panes.map((pane) => pane.snapshot())]);
  }

  restore(state: Snapshot): void {
    for (const [key, panes] of state as [GroupKey, Snapshot[]][]) {
      const group = this.groups.restore(key);
      group.panes.length = 0;
      for (const pane of panes) {
        const restored = new Pane(this.#result.aggregates);
        restored.restore(pane);
        group.panes.push(restored);
      }
    }
  }
}
