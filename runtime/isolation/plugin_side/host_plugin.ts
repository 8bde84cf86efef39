/** Runs one component for the host: the same in a Worker and in a process of its own. @module */
import type { AnyComponent, Codec, Component, Interceptor, Processor, Sink, Source } from "@caisson/plugin";
import type { RingWaker } from "../../data/ring_bell.ts";
import { RingConsumer } from "../../data/ring_consumer.ts";
import { RingProducer } from "../../data/ring_producer.ts";
import { LogGate } from "../log_gate.ts";
import {
  type HostMessage,
  type LogLevel,
  METRICS_MAX,
  type OpenMessage,
  type Stage,
  TEXT_MAX,
  type WorkerMessage,
} from "../worker_protocol.ts";
import { createContext } from "./context.ts";
import { describeFault } from "./fault.ts";
import { takeAway } from "./hygiene.ts";
import { runProcessor } from "./processor_loop.ts";
import { runSink } from "./sink_loop.ts";
import { SourceLoop } from "./source_loop.ts";
import { runCodec, runInterceptor } from "./stage_loop.ts";

/** How long reads and writes that are under way get before `close` is called anyway, milliseconds. */
const GRACE_MS = 500;

/** How the host is reached. */
export interface HostChannel {
  /** Sends a control message. */
  readonly tell: (message: WorkerMessage) => void;
  /** How rings wake the host; `undefined` where `Atomics.notify` does. */
  readonly waker?: RingWaker;
}

/** A component that was created, and the loop that drives it. */
interface Running {
  readonly component: AnyComponent;
  readonly loop: SourceLoop | undefined;
  readonly done: () => Promise<void>;
}

async function load(message: OpenMessage): Promise<Component> {
  const { module, component } = message;
  const loaded = await import(module);
  const plugin = loaded.default;
  const found = typeof plugin === "object" && plugin !== null &&
      Object.hasOwn(plugin, component)
    ? plugin[component]
    : undefined;
  if (typeof found === "function") return found;
  const names = typeof plugin === "object" && plugin !== null ? Object.keys(plugin).join(", ") : "nothing";
  throw new TypeError(
    `the default export has no function '${component}'; it has ${names}`,
  );
}

function needs(component: unknown, method: string, kind: string): void {
  if (
    typeof (component as Record<string, unknown> | null)?.[method] !==
      "function"
  ) {
    throw new TypeError(
      `the ${kind} was created without a function '${method}'`,
    );
  }
}

/** The plugin's side of one instance. Creating it takes away what Deno's permissions leave open. */
export class PluginHost {
  readonly #channel: HostChannel;
  readonly #gate: LogGate;
  readonly #stop = new AbortController();
  #running: Running | undefined;

  /** To be created once, before any plugin code is loaded. */
  constructor(channel: HostChannel) {
    this.#channel = channel;
    const { tell } = channel;
    // The host limits lines as well; this limit keeps a flood from filling its message queue.
    this.#gate = new LogGate((level, message) => tell({ type: "log", level, message }));
    const crashed = (thrown: unknown): void => this.#crashed(thrown);
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      crashed(event.error ?? event.message);
    });
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      crashed(event.reason);
    });
    takeAway({
      log: this.#log,
      onExit: (call) => crashed(new Error(`the plugin called ${call}`)),
    });
  }

  readonly #log = (level: LogLevel, message: string): void => this.#gate.push(level, message.slice(0, TEXT_MAX));

  #crashed(thrown: unknown): void {
    this.#channel.tell({ type: "crashed", fault: describeFault(thrown) });
  }

  /** Tells the host that something failed. */
  failed(stage: Stage, thrown: unknown): void {
    this.#channel.tell({ type: "failed", stage, fault: describeFault(thrown) });
  }

  /** Does what the host says, and answers. Never rejects. */
  async take(message: HostMessage): Promise<void> {
    try {
      await this.#handle(message);
    } catch (thrown) {
      const { type } = message;
      this.failed(type === "stop" || type === "metrics" ? "close" : type, thrown);
    }
  }

  async #handle(message: HostMessage): Promise<void> {
    const { tell } = this.#channel;
    switch (message.type) {
      case "open":
        await this.#open(message);
        return tell({ type: "opened" });
      case "connect":
        await (this.#running?.component as Source | Sink).connect?.(message.attempt);
        return tell({ type: "connected" });
      case "read":
        return this.#running?.loop?.start();
      case "stop":
        return this.#stop.abort(
          new DOMException("the flow is stopping", "AbortError"),
        );
      case "metrics":
        // Whoever stopped the source learns that the last it had read is published.
        if (this.#stop.signal.aborted) await this.#running?.loop?.stopped();
        return tell({ type: "metrics", json: metricsOf(this.#running?.component) });
      case "close":
        await this.#close();
        this.#gate.flush();
        return tell({ type: "closed" });
    }
  }

  async #open(message: OpenMessage): Promise<void> {
    const { waker } = this.#channel;
    const { kind, alias, config, codec, input, output, settled } = message;
    const create = await load(message);
    const { signal } = this.#stop;
    const context = createContext({ alias, config, signal, log: this.#log });
    const component = await create(context as never);
    if (kind === "source") {
      needs(component, "read", kind);
      const loop = new SourceLoop({
        source: component as Source,
        output: new RingProducer(output!, waker),
        settled: settled!,
        signal,
        onFailed: (thrown) => this.failed("read", thrown),
      });
      this.#running = { component, loop, done: () => loop.stopped() };
    } else if (kind === "sink") {
      needs(component, "write", kind);
      const done = runSink(component as Sink, new RingConsumer(input!, waker), codec);
      done.catch((thrown) => this.#crashed(thrown));
      this.#running = { component, loop: undefined, done: () => done };
    } else {
      const done = this.#runBetween(message, component);
      done.catch((thrown) => this.#crashed(thrown));
      this.#running = { component, loop: undefined, done: () => done };
    }
  }

  /** Runs what has a ring on each side. */
  #runBetween(message: OpenMessage, component: AnyComponent): Promise<void> {
    const { waker } = this.#channel;
    const { kind, codec, direction } = message;
    needs(component, kind === "codec" ? direction! : "process", kind);
    const input = new RingConsumer(message.input!, waker);
    const output = new RingProducer(message.output!, waker);
    switch (kind) {
      case "codec":
        return runCodec(component as Codec, direction!, input, output);
      case "preprocessor":
      case "postprocessor":
        return runInterceptor(component as Interceptor, input, output);
      default:
        return runProcessor(component as Processor, input, output, codec);
    }
  }

  async #close(): Promise<void> {
    this.#stop.abort(new DOMException("the component is being closed", "AbortError"));
    const running = this.#running;
    if (running === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, GRACE_MS));
    await Promise.race([running.done(), grace]);
    clearTimeout(timer);
    running.loop?.tellSettled();
    await running.component.close?.();
  }
}

/** What a component says about itself, as far as it can be written and is not too long: the host asks to hear a sign of life. */
function metricsOf(component: AnyComponent | undefined): string {
  try {
    const json = JSON.stringify(component?.metrics?.() ?? {});
    return json.length <= METRICS_MAX ? json : "{}";
  } catch {
    return "{}";
  }
}
