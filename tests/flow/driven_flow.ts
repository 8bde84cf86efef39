/** A flow whose source is fed by the test: `in` → `pass` → `out`. @module */
import type { ComponentInstance, SourcePart, ValueSinkPart } from "../../runtime/connector/contract.ts";
import { Flow } from "../../runtime/flow/flow.ts";
import type { ConnectorDefinition } from "../../runtime/flow/flow_definition.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";

/** What {@linkcode drivenFlow} takes. */
export interface DrivenOptions {
  readonly source?: Partial<SourcePart>;
  readonly sink?: Partial<ValueSinkPart>;
  readonly connectors?: { readonly in?: Partial<ConnectorDefinition>; readonly out?: Partial<ConnectorDefinition> };
}

/** A running flow, and what became of its events. */
export interface Driven extends AsyncDisposable {
  readonly flow: Flow;
  readonly written: unknown[];
  readonly errors: string[];
  acked: number;
  failed: number;
  /** Numbers for the source to read, one a batch. */
  feed(count: number): void;
  /** Ends the source when everything was read. */
  end(): void;
  /** What a part was given to say that its connection is lost. */
  readonly lost: Map<string, (reason: unknown) => void>;
}

/** Starts it. */
export async function drivenFlow(options: DrivenOptions = {}): Promise<Driven> {
  const waiting: number[] = [];
  let next = 0;
  let ended = false;
  const source: SourcePart = {
    produces: "events",
    poll(batch) {
      const number = waiting.shift();
      if (number === undefined) return { state: ended ? "ended" : "idle", retryAfterMs: 1 };
      batch.appendBytes(new TextEncoder().encode(String(number)), Date.now());
      return { state: "filled" };
    },
    settle(batch, failures) {
      driven.failed += failures.size;
      driven.acked += batch.count - failures.size;
    },
    close() {},
    ...options.source,
  };
  const written: unknown[] = [];
  const sink: ValueSinkPart = {
    accepts: "values",
    write(events) {
      for (const { value } of events) written.push(value);
    },
    close() {},
    ...options.sink,
  };
  const parts: Record<string, ComponentInstance["part"]> = {
    in: { kind: "source", source },
    out: { kind: "sink", sink },
  };
  const errors: string[] = [];
  const lost = new Map<string, (reason: unknown) => void>();
  const flow = new Flow({
    definition: parseFlow({
      name: "main",
      connectors: { in: { type: "in", ...options.connectors?.in }, out: { type: "out", ...options.connectors?.out } },
      pipelines: { pass: [{ filter: [">=", ["field", []], 0] }] },
      links: [{ from: "in", to: "pass" }, { from: "pass", to: "out" }],
    }, "test"),
    launch: ({ type, connectionLost }) => {
      lost.set(type, connectionLost!);
      return Promise.resolve({
        instance: { isolation: "builtin", level: "none", part: parts[type]! },
        plugin: "builtin",
      });
    },
    onError: ({ code }) => void errors.push(code),
  });
  const driven: Driven = {
    flow,
    written,
    errors,
    acked: 0,
    failed: 0,
    lost,
    feed(count) {
      for (let each = 0; each < count; each++) waiting.push(next++);
    },
    end: () => void (ended = true),
    [Symbol.asyncDispose]: () => flow.stop(),
  };
  await flow.start();
  return driven;
}

/** Waits for something that happens by itself; generous, and then a failure that says what did not happen. */
export async function eventually(isSo: () => boolean, what: string, milliseconds = 20_000): Promise<void> {
  const until = performance.now() + milliseconds;
  while (!isSo()) {
    if (performance.now() > until) throw new Error(`in ${milliseconds} ms: not ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
