/** The groups of a window, no more of them than allowed. @module */
import type { Event } from "../../flow/delivery.ts";
import type { GroupKey } from "../group_by.ts";
import type { Emit, Warn } from "../operator.ts";
import { keyBytes, mostKeyBytes } from "./key_bytes.ts";
import { RareReport } from "./rare_report.ts";

/** Most groups when nothing is said. */
const MOST_GROUPS = 10_000;

/** What a {@linkcode GroupTable} needs. */
export interface GroupTableOptions<Group> {
  /** Most groups. @default {10000} */
  readonly maxGroups?: number | undefined;
  /** Most memory of their keys, bytes. @default {16 MiB, or 256 for each group where that is more} */
  readonly maxKeyBytes?: number | undefined;
  /** What happens beyond. @default {"drop"} */
  readonly onOverflow?: "drop" | "evict" | undefined;
  /** Makes an empty group. */
  readonly make: (key: GroupKey) => Group;
  /** Sends out what a group holds, because another takes its place. */
  readonly evict: (group: Group, emit: Emit) => void;
}

/** Groups by their key, in the order in which they came. */
export class GroupTable<Group> {
  readonly #groups = new Map<unknown, Group>();
  readonly #options: GroupTableOptions<Group>;
  readonly #most: number;
  readonly #mostBytes: number;
  #bytes = 0;
  /** Whether the last one turned away had too long a key, and was not one group too many. */
  #byKeys = false;
  #overflow: Emit | undefined;
  #overflowLinked = false;
  #warn: Warn | undefined;
  readonly #turnedAway = new RareReport();
  readonly #ended = new RareReport();

  /** Starts empty. */
  constructor(options: GroupTableOptions<Group>) {
    this.#options = options;
    this.#most = options.maxGroups ?? MOST_GROUPS;
    this.#mostBytes = options.maxKeyBytes ?? mostKeyBytes(this.#most);
  }

  /** Where events of groups beyond the limit go, and whom to tell about them. */
  bind(overflow: Emit, warn: Warn): void {
    this.#overflow = overflow;
    this.#warn = warn;
  }

  /** Whether somebody takes what is turned away. */
  set overflowLinked(linked: boolean) {
    this.#overflowLinked = linked;
  }

  /** Number of groups. */
  get size(): number {
    return this.#groups.size;
  }

  /** Events turned away, or groups evicted, so far. */
  get turnedAway(): number {
    return this.#turnedAway.count;
  }

  /** The groups. */
  entries(): MapIterator<[unknown, Group]> {
    return this.#groups.entries();
  }

  /** Whether {@linkcode GroupTable.take} gives a group without turning an event away or a group out. */
  hasRoomFor(key: GroupKey): boolean {
    return this.#isRoomFor(key) || this.#groups.has(key.id);
  }

  #isRoomFor(key: GroupKey): boolean {
    return this.#groups.size < this.#most && this.#bytes + keyBytes(key.id) <= this.#mostBytes;
  }

  /** The group of a key; `undefined` when there is no room for it, and then the event has been dealt with. */
  take(key: GroupKey, event: Event, emit: Emit): Group | undefined {
    const known = this.#groups.get(key.id);
    if (known !== undefined) return known;
    if (!this.#isRoomFor(key) && !this.#makeRoom(key, event, emit)) return undefined;
    return this.#add(key);
  }

  #add({ id, values }: GroupKey): Group {
    const key = { id, values };
    const group = this.#options.make(key);
    this.#groups.set(id, group);
    this.#bytes += keyBytes(id);
    return group;
  }

  #makeRoom(key: GroupKey, event: Event, emit: Emit): boolean {
    // One that would not fit into an empty table turns nobody out.
    if (this.#options.onOverflow === "evict" && keyBytes(key.id) <= this.#mostBytes) {
      while (!this.#isRoomFor(key)) {
        this.#count(key);
        const [id, oldest] = this.#groups.entries().next().value!;
        this.delete(id);
        this.#options.evict(oldest, emit);
      }
      return true;
    }
    this.#count(key);
    if (this.#overflowLinked) this.#overflow?.(event);
    return false;
  }

  #count(key: GroupKey): void {
    this.#byKeys = this.#groups.size < this.#most;
    if (!this.#turnedAway.again()) return;
    this.#say(`group ${excerptOf(key.values)} beyond the limit`);
  }

  #say(what: string): void {
    const evicts = this.#options.onOverflow === "evict";
    const became = evicts
      ? "groups sent out early"
      : this.#overflowLinked
      ? "events sent to overflow"
      : "events dropped";
    const byKeys = this.#byKeys;
    this.#warn?.({
      found: `${what}; ${this.turnedAway} ${became} so far`,
      allowed: byKeys ? `at most ${this.#mostBytes} bytes of keys` : `at most ${this.#most} groups`,
      action: `${
        byKeys ? "Raise maxKeyBytes, group by something shorter" : "Raise maxGroups, group by something of fewer values"
      }, or connect the port overflow.`,
    });
  }

  /** Says how many were turned away in all, when the flow ends. */
  summarize(): void {
    if (this.turnedAway > 1) this.#say("groups beyond the limit");
  }

  /** A window of a group ended because it had as many events as it may have. */
  endedFull(values: readonly unknown[], maxEvents: number): void {
    if (!this.#ended.again()) return;
    this.#warn?.({
      found: `a window of group ${excerptOf(values)} ended before its time; ${this.#ended.count} did so far`,
      allowed: `at most ${maxEvents} events in a window`,
      action: "Raise maxEvents, or gather less: count, sum, unique or distinct in place of collect.",
    });
  }

  /** Forgets a group. */
  delete(id: unknown): void {
    if (this.#groups.delete(id)) this.#bytes -= keyBytes(id);
  }

  /** Takes a group over from a snapshot. */
  restore(key: GroupKey): Group {
    return this.#add(key);
  }
}

function excerptOf(values: readonly unknown[]): string {
  return JSON.stringify(values, stringifyKey).slice(0, 120);
}

function stringifyKey(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
