/** Parts of builtin connectors, driven by managers as a flow drives them. @module */
import { createCodec } from "../../runtime/codec/codecs.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import { builtins } from "../../runtime/connector/builtin/builtins.ts";
import type { PartContext, SinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import { SinkManager } from "../../runtime/connector/sink_manager.ts";
import { SourceManager } from "../../runtime/connector/source_manager.ts";
import type { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Consumer, Event, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { checkConfig } from "../../runtime/manifest/check_config.ts";
import { eventually } from "./peer.ts";

const string = createCodec("string");

/** What a {@linkcode Station} is made of. */
export interface StationOptions {
  /** Connector. */
  readonly type: string;
  /** Its configuration. */
  readonly config: Record<string, unknown>;
  /** Which ends it has. @default {"both"} */
  readonly ends?: "source" | "sink" | "both";
  /** Of the source. @default {["separate"]} */
  readonly preprocessors?: readonly string[];
  /** Of the sink. @default {["separate"]} */
  readonly postprocessors?: readonly string[];
  /** What is sent back for a text; `undefined` sends nothing. @default {nothing} */
  readonly answer?: (text: string) => string | undefined;
  /** Stream an answer goes to. @default {the event's own} */
  readonly answerTo?: (stream: number) => number;
  /** Waits before an event is settled. */
  readonly hold?: () => Promise<void>;
}

/** One connector with both of its ends: notes what it reads, and answers. */
export class Station implements AsyncDisposable {
  /** Texts that were read, each with its stream. */
  readonly seen: { readonly stream: number; readonly text: string }[] = [];
  /** What went wrong. */
  readonly errors: CaissonError[] = [];
  /** Losses it was told about. */
  readonly losses: unknown[] = [];
  /** Its source. */
  readonly source: SourcePart | undefined;
  /** Its sink. */
  readonly sink: SinkPart | undefined;
  /** Drives the sink. */
  readonly sinkManager: SinkManager | undefined;
  readonly #options: StationOptions;
  readonly #shared = new Map<string, unknown>();
  readonly #reading = new AbortController();
  readonly #ending = new AbortController();
  #done: Promise<void> = Promise.resolve();

  private constructor(options: StationOptions) {
    this.#options = options;
    const { ends = "both", postprocessors = ["separate"] } = options;
    const sink = ends === "source" ? undefined : this.#make("sink");
    const source = ends === "sink" ? undefined : this.#make("source");
    this.sink = sink?.kind === "sink" ? sink.sink : undefined;
    this.source = source?.kind === "source" ? source.source : undefined;
    if (this.sink === undefined) return;
    const make = () => postprocessors.map((name) => createPostprocessor(name));
    this.sinkManager = new SinkManager({
      alias: "test/station",
      part: this.sink,
      codec: string,
      postprocessors: make(),
      newPostprocessors: make,
      onError: (error) => this.errors.push(error),
    });
  }

  /** Makes the ends of a connector, connects them, and starts to read. */
  static async start(options: StationOptions): Promise<Station> {
    const station = new Station(options);
    const attempt = { overall: 0, sinceLastSuccess: 0 };
    await station.sink?.connect?.(attempt);
    await station.source?.connect?.(attempt);
    station.#done = station.#run();
    return station;
  }

  #make(kind: "source" | "sink") {
    const { type, config } = this.#options;
    const component = builtins.find((each) => each.type === type && each.kind === kind)!;
    const context: PartContext = {
      alias: "test/station",
      instance: 1,
      config: checkConfig(component.configSchema, config, "test"),
      signal: (kind === "source" ? this.#reading : this.#ending).signal,
      log: () => {},
      connectionLost: (reason) => this.losses.push(reason),
      shared: this.#shared,
    };
    return component.create(context);
  }

  /** Resolves when the source has ended and everything is drained. */
  get done(): Promise<void> {
    return this.#done;
  }

  async #run(): Promise<void> {
    if (this.source === undefined) return;
    const { preprocessors = ["separate"] } = this.#options;
    const make = () => preprocessors.map((name) => createPreprocessor(name));
    const out = new Fanout();
    out.link(this.#taker(this.#options));
    await new SourceManager({
      alias: "test/station",
      part: this.source,
      codec: string,
      preprocessors: make(),
      newPreprocessors: make,
      out,
      signal: this.#reading.signal,
      onError: (error) => this.errors.push(error),
    }).run();
    await this.sinkManager?.drain();
  }

  #taker({ answer, answerTo, hold }: StationOptions): Consumer {
    return {
      push: async (delivery) => {
        const events = eventsOf(delivery);
        for (const event of events) this.seen.push({ stream: event.stream, text: String(event.value) });
        await hold?.();
        const answers = answer === undefined ? [] : events.flatMap((event) => {
          const text = answer(String(event.value));
          if (text === undefined) return [];
          if (answerTo === undefined) return [event.with(text)];
          const { codec, settlement, origin } = event;
          return [new Event(undefined, 0, 0, codec, settlement, origin, text, true, answerTo(event.stream))];
        });
        if (answers.length === 0) return delivery.settlement.release();
        await this.sinkManager!.push({ ...delivery, batch: undefined, events: answers });
      },
      drain: () => Promise.resolve(),
    };
  }

  /** Texts that were read, in order. */
  get texts(): string[] {
    return this.seen.map(({ text }) => text);
  }

  /** Waits until as many texts were read. */
  async read(count: number): Promise<string[]> {
    await eventually(`${count} texts; there are ${this.seen.length}`, () => this.seen.length >= count);
    return this.texts;
  }

  /** What a part says about itself. */
  metrics(): Record<string, number> {
    return (this.source ?? this.sink)!.metrics!() as Record<string, number>;
  }

  /** Stops reading, drains and closes. */
  async stop(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#reading.abort();
    await this.#done;
    if (this.source === undefined) await this.sinkManager?.drain();
    this.#ending.abort();
    await this.source?.close();
    await this.sink?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
