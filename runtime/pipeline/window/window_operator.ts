/** What all kinds of windows have in common. @module */
import type { Event } from "../../flow/delivery.ts";
import type { GroupKey } from "../group_by.ts";
import type { Emit, Operator, Snapshot } from "../operator.ts";
import type { GroupTable } from "./group_table.ts";

/** Windows over groups: what `select` drives. */
export interface Windows<Group> {
  /** The groups. */
  readonly groups: GroupTable<Group>;
  /** Takes an event into its group; `false` when it was turned away. */
  add(key: GroupKey, event: Event, value: unknown, emit: Emit): boolean;
  /** After the last group of an event: time may have passed. */
  settle?(emit: Emit): void;
  /** Sends out everything held. */
  flush(emit: Emit): void;
  /** When time ends a window without an event, milliseconds since 1970. */
  readonly nextTimer?: () => number | undefined;
  /** That time has come. */
  readonly onTimer?: (now: number, emit: Emit) => void;
  /** Port for late events. */
  readonly ports: readonly string[];
  /** Gets the emitter of a port. */
  readonly bind?: Operator["bind"];
  /** Learns whether a port is linked. */
  readonly linked?: Operator["linked"];
  /** State beside the groups. */
  snapshot(): Snapshot;
  /** Takes it over. */
  restore(state: Snapshot): void;
}
