/**
 * The entry module of every plugin Worker. Deno reads the static imports of an entry module with the host's permissions,
 * so it is ours and imports only our own files; the plugin comes through a computed `import()`, which is checked with the
 * Worker's permissions, together with everything the plugin imports.
 * @module
 */
import type { Component, Processor, Sink, Source } from "@caisson/plugin";
import { RingConsumer } from "../data/ring_consumer.ts";
import { RingProducer } from "../data/ring_producer.ts";
import { closeStdio } from "./plugin_side/close_stdio.ts";
import { createContext } from "./plugin_side/context.ts";
import { describeFault } from "./plugin_side/fault.ts";
import { hearHost, tellHost } from "./plugin_side/host_channel.ts";
import { takeAway } from "./plugin_side/hygiene.ts";
import { runProcessor } from "./plugin_side/processor_loop.ts";
import { runSink } from "./plugin_side/sink_loop.ts";
import { SourceLoop } from "./plugin_side/source_loop.ts";
import { type HostMessage, type LogLevel, type OpenMessage, type Stage, TEXT_MAX } from "./worker_protocol.ts";
import { LogGate } from "./log_gate.ts";

/** How long reads and writes that are under way get before `close` is called anyway, milliseconds. */
const GRACE_MS = 500;

/** A component that was created, and the loop that drives it. */
interface Running {
  readonly component: Source | Sink | Processor;
  readonly loop: SourceLoop | undefined;
  readonly done: () => Promise<void>;
}

const stop = new AbortController();
let running: Running | undefined;

// The host limits lines as well; this limit keeps a flood from filling its message queue.
const gate = new LogGate((level, message) => tellHost({ type: "log", level, message }));
const log = (level: LogLevel, message: string): void => gate.push(level, message.slice(0, TEXT_MAX));

function crashed(thrown: unknown): void {
  tellHost({ type: "crashed", fault: describeFault(thrown) });
}

function failed(stage: Stage, thrown: unknown): void {
  tellHost({ type: "failed", stage, fault: describeFault(thrown) });
}

globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  crashed(event.error ?? event.message);
});
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  crashed(event.reason);
});

closeStdio();
takeAway({
  log,
  onExit: (call) => crashed(new Error(`the plugin called ${call}`)),
});

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

async function open(message: OpenMessage): Promise<void> {
  const { kind, alias, config, codec, input, output, settled } = message;
  const create = await load(message);
  const context = createContext({ alias, config, signal: stop.signal, log });
  const component = await create(context as never);
  if (kind === "source") {
    needs(component, "read", kind);
    const loop = new SourceLoop({
      source: component as Source,
      output: new RingProducer(output!),
      settled: settled!,
      signal: stop.signal,
      onFailed: (thrown) => failed("read", thrown),
    });
    running = { component, loop, done: () => loop.stopped() };
  } else if (kind === "sink") {
    needs(component, "write", kind);
    const done = runSink(component as Sink, new RingConsumer(input!), codec);
    done.catch(crashed);
    running = { component, loop: undefined, done: () => done };
  } else {
    needs(component, "process", kind);
    const done = runProcessor(
      component as Processor,
      new RingConsumer(input!),
      new RingProducer(output!),
      codec,
    );
    done.catch(crashed);
    running = { component, loop: undefined, done: () => done };
  }
}

async function close(): Promise<void> {
  stop.abort(new DOMException("the component is being closed", "AbortError"));
  if (running === undefined) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, GRACE_MS));
  await Promise.race([running.done(), grace]);
  clearTimeout(timer);
  running.loop?.tellSettled();
  await running.component.close?.();
}

async function handle(message: HostMessage): Promise<void> {
  switch (message.type) {
    case "open":
      await open(message);
      return tellHost({ type: "opened" });
    case "connect":
      await (running?.component as Source | Sink).connect?.(message.attempt);
      return tellHost({ type: "connected" });
    case "read":
      return running?.loop?.start();
    case "stop":
      return stop.abort(
        new DOMException("the flow is stopping", "AbortError"),
      );
    case "close":
      await close();
      gate.flush();
      return tellHost({ type: "closed" });
  }
}

hearHost((message) => {
  handle(message).catch((thrown) =>
    failed(
      message.type === "stop" ? "close" : message.type,
      thrown,
    )
  );
});
