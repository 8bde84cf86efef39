/** The source `metrics`: what the nodes of its flow count, as events. @module */
import type { Batch } from "../../data/batch.ts";
import type { NodeCounts } from "../flow_access.ts";
import type { PartContext, PollResult, SourcePart } from "../contract.ts";

const encoder = new TextEncoder();

/** Longest wait before it looks again whether the flow's other sources have ended, milliseconds. */
const LOOK_MS = 100;

/** What goes in and out of a node, by port, as Tremor names them. */
const PORTS = [["in", "in"], ["out", "out"], ["err", "failed"], ["dropped", "dropped"]] as const;

/** Counts of every node at an interval, one event for each port of each node. */
export class MetricsSource implements SourcePart {
  /** Whole payloads. */
  readonly produces = "events";
  /** JSON, which every codec of a flow can be given. */
  readonly codec = "json";
  readonly #context: PartContext;
  readonly #intervalMs: number;
  readonly #pending: Uint8Array[] = [];
  #next: number;
  #readings = 0;
  #isLast = false;

  /** The first reading is one interval after the start. */
  constructor(context: PartContext) {
    this.#context = context;
    this.#intervalMs = context.config["interval_ms"] as number;
    this.#next = performance.now() + this.#intervalMs;
  }

  /** Hands over a reading that is due; the last one when every other source of the flow has ended. */
  poll(batch: Batch, max: number): PollResult {
    if (this.#pending.length === 0 && !this.#isLast) {
      const now = performance.now();
      const nodes = this.#context.flow?.nodes() ?? [];
      this.#isLast = this.#context.signal.aborted || !nodes.some((node) => this.#isRead(node));
      if (now < this.#next && !this.#isLast) {
        return { state: "idle", retryAfterMs: Math.min(LOOK_MS, this.#next - now) };
      }
      while (this.#next <= now) this.#next += this.#intervalMs;
      this.#read(nodes);
    }
    for (let taken = 0; taken < max && this.#pending.length > 0; taken++) {
      if (!batch.appendBytes(this.#pending[0]!, Date.now())) break;
      this.#pending.shift();
    }
    return { state: this.#isLast && this.#pending.length === 0 ? "ended" : "filled" };
  }

  /** A source that still reads, other than those that only count. */
  #isRead({ name, role, type }: NodeCounts): boolean {
    return role === "source" && !isMetrics(type) && this.#context.flow!.isReading(name);
  }

  #read(nodes: readonly NodeCounts[]): void {
    this.#readings++;
    const timestamp = Date.now() * 1e6;
    const flow = this.#context.flow?.name ?? "";
    for (const { name, role, type, metrics } of nodes) {
      if (isMetrics(type)) continue;
      for (const [port, count] of PORTS) {
        const event = {
          measurement: "connector_events",
          tags: { flow, node: name, role, port },
          fields: { count: metrics[count] },
          timestamp,
        };
        this.#pending.push(encoder.encode(JSON.stringify(event)));
      }
    }
  }

  /** Readings so far. */
  metrics(): { readings: number } {
    return { readings: this.#readings };
  }

  /** Nothing to free. */
  close(): void {}
}

function isMetrics(type: string): boolean {
  return type === "metrics" || type === "builtin:metrics";
}
