/** The ports of a running pipeline: what each gathers of one delivery, and where it goes. @module */
import type { Codec } from "../codec/codec.ts";
import { json } from "../codec/json.ts";
import type { Delivery, Event } from "../flow/delivery.ts";
import type { Fanout } from "../flow/fanout.ts";
import type { Settlement } from "../flow/settlement.ts";
import { PortCollector } from "./collector.ts";
import type { PipelineMetrics, PipelineOptions } from "./pipeline_options.ts";

/** A port besides `out` and `err`. */
interface SidePort {
  readonly collector: PortCollector;
  readonly fanout: Fanout;
}

/** Gathers what operators emit, and hands it on. */
export class PipelinePorts {
  /** Where most of it goes. */
  readonly out: PortCollector = new PortCollector("out", true);
  /** Where events go that an operator threw for. */
  readonly errors: PortCollector;
  readonly #options: Pick<PipelineOptions, "out" | "err">;
  readonly #metrics: PipelineMetrics;
  readonly #sides: SidePort[] = [];
  readonly #marks: number[] = [];
  #outMark = 0;

  /** @param names ports besides `out` and `err` */
  constructor(
    names: Iterable<string>,
    options: Pick<PipelineOptions, "out" | "err" | "port">,
    metrics: PipelineMetrics,
  ) {
    this.#options = options;
    this.#metrics = metrics;
    this.errors = new PortCollector("err", options.err.linked);
    for (const name of names) {
      const fanout = options.port?.(name);
      const collector = new PortCollector(name, fanout?.linked === true);
      if (fanout !== undefined) this.#sides.push({ collector, fanout });
    }
  }

  /** What gathers for a port; nothing does for one that leads nowhere. */
  collector(name: string): PortCollector {
    if (name === "out") return this.out;
    if (name === "err") return this.errors;
    return this.#sides.find(({ collector }) => collector.name === name)?.collector ?? unlinked;
  }

  /** Whether no taker will look at the value of an event that has been through; operators keep values, but never the event. */
  valuesAreUnread(codec: Codec): boolean {
    const { out, err } = this.#options;
    return !out.readsValues(codec) && !err.readsValues(codec) &&
      !this.#sides.some(({ fanout }) => fanout.readsValues(codec));
  }

  /** As {@linkcode PortCollector.begin}, of each. */
  begin(settlement: Settlement, cursor?: Event): void {
    this.out.begin(settlement, cursor);
    this.errors.begin(settlement, cursor);
    const sides = this.#sides;
    for (let side = 0; side < sides.length; side++) sides[side]!.collector.begin(settlement, cursor);
  }

  /** Notes how much there is before an event. */
  mark(): void {
    this.#outMark = this.out.length;
    const sides = this.#sides;
    for (let side = 0; side < sides.length; side++) this.#marks[side] = sides[side]!.collector.length;
  }

  /** Takes back what was emitted since, for an event of which an operator threw: one event, one verdict. */
  takeBack(): void {
    this.out.takeBack(this.#outMark);
    const sides = this.#sides;
    for (let side = 0; side < sides.length; side++) sides[side]!.collector.takeBack(this.#marks[side]!);
  }

  /** Hands on what was gathered; `out` takes over the hold on the delivery. */
  handOn({ batch, codec, settlement }: Pick<Delivery, "batch" | "codec" | "settlement">): void | Promise<void> {
    let waiting: Promise<void>[] | undefined;
    if (this.errors.length > 0) {
      settlement.retain();
      const pushing = this.#push(this.errors, this.#options.err, undefined, json, settlement);
      if (pushing !== undefined) waiting = [pushing];
    }
    const sides = this.#sides;
    for (let side = 0; side < sides.length; side++) {
      const { collector, fanout } = sides[side]!;
      if (collector.length === 0) continue;
      settlement.retain();
      const pushing = this.#push(collector, fanout, batch, codec, settlement);
      if (pushing !== undefined) (waiting ??= []).push(pushing);
    }
    const pushing = this.#push(this.out, this.#options.out, batch, codec, settlement);
    if (waiting === undefined) return pushing;
    if (pushing !== undefined) waiting.push(pushing);
    return waiting.length === 1 ? waiting[0] : Promise.all(waiting).then(() => {});
  }

  #push(
    collector: PortCollector,
    fanout: Fanout,
    batch: Delivery["batch"],
    codec: Codec,
    settlement: Settlement,
  ): void | Promise<void> {
    this.#metrics.out += collector.length;
    const isWhole = batch !== undefined && collector.hasWholeBatch;
    return fanout.push(isWhole ? { batch, events: undefined, codec, settlement } : collector.finish(batch, codec));
  }

  /** Drains what follows each. */
  async drain(): Promise<void> {
    const { out, err } = this.#options;
    await Promise.all([out.drain(), err.drain(), ...this.#sides.map(({ fanout }) => fanout.drain())]);
  }
}

const unlinked = new PortCollector("", false);
