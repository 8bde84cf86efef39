/** The steps of a pipeline are replaced while its flow runs. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  CaissonError,
  concat,
  type Flow,
  fromAsyncIterable,
  pipeline,
  type PipelineDefinition,
  ports,
  Runtime,
  shape,
  toAsyncIterable,
} from "../../mod.ts";

/** A flow fed by hand. */
class Fed {
  readonly runtime = new Runtime();
  readonly results = toAsyncIterable<unknown>();
  readonly exits = toAsyncIterable<unknown>();
  readonly #queue: unknown[] = [];
  #wake = (): void => {};
  readonly #got: unknown[] = [];
  #arrived = (): void => {};
  #taking: Promise<void> | undefined;

  async deploy(main: PipelineDefinition, linked = false): Promise<Flow> {
    const { runtime, results, exits } = this;
    runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
    runtime.provide({ type: "exits", kind: "sink", create: () => exits.sink });
    runtime.provide({
      type: "fed",
      kind: "source",
      create: ({ signal }) => fromAsyncIterable(this.#fed(signal), { signal }),
    });
    this.#taking = this.#take();
    return await runtime.deploy({
      name: "replaced",
      connectors: { in: { type: "fed" }, out: { type: "results" }, ...(linked ? { stop: { type: "exits" } } : {}) },
      pipelines: { main },
      links: [
        { from: "in", to: "main" },
        { from: "main", to: "out" },
        ...(linked ? [{ from: "main/exit", to: "stop" }] : []),
      ],
    });
  }

  async *#fed(signal: AbortSignal): AsyncGenerator<unknown> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (true) {
      while (this.#queue.length > 0) yield this.#queue.shift();
      if (signal.aborted) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Feeds events. */
  feed(...values: readonly unknown[]): void {
    this.#queue.push(...values);
    this.#wake();
  }

  /** Takes every result as it comes: one that nobody takes is not delivered. */
  async #take(): Promise<void> {
    for await (const value of this.results) {
      this.#got.push(value);
      this.#arrived();
    }
  }

  /** The next result. */
  async next(): Promise<unknown> {
    while (this.#got.length === 0) await new Promise<void>((resolve) => this.#arrived = resolve);
    return this.#got.shift();
  }

  /** Feeds one event and gives the result of it. */
  ask(value: unknown): Promise<unknown> {
    this.feed(value);
    return this.next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
    await this.#taking;
  }
}

Deno.test("the thesis's flow: the operator that punctuates is replaced while it runs, and exit stops the flow", async () => {
  const punctuate = (mark: string): PipelineDefinition => [
    { branch: { exit: ["==", ["field", []], "exit"] } },
    { project: ({ value }) => `${String(value).charAt(0).toUpperCase()}${String(value).slice(1)}${mark}` },
  ];
  await using fed = new Fed();
  const flow = await fed.deploy(punctuate("."), true);
  assertEquals(await fed.ask("hello there"), "Hello there.");
  await flow.replacePipeline("main", punctuate("!"));
  assertEquals(await fed.ask("hello again"), "Hello again!");
  const { exit, rest } = pipeline("main", { in: shape<string>() }).branch({ exit: (line) => line().eq("exit") });
  await flow.replacePipeline("main", ports({ exit, out: rest.select((line) => concat(line(), "…")) }));
  assertEquals(await fed.ask("bye"), "bye…");
  fed.feed("exit");
  for await (const line of fed.exits) {
    assertEquals(line, "exit");
    break;
  }
  await flow.stop();
  assertEquals(flow.report().failed, 0);
  assertEquals(flow.report().in, 4);
});

Deno.test("a window gives what it holds when its steps are replaced, and the new one counts from nothing", async () => {
  const counting = (as: string): PipelineDefinition => [
    { select: { window: { tumbling: { size: 3 } }, target: { [as]: ["count"] } } },
  ];
  await using fed = new Fed();
  const flow = await fed.deploy(counting("old"));
  fed.feed(1, 2, 3, 4);
  assertEquals(await fed.next(), { old: 3 });
  await until(() => flow.report().in === 4);
  await flow.replacePipeline("main", counting("new"));
  assertEquals(await fed.next(), { old: 1 });
  fed.feed(5, 6, 7);
  assertEquals(await fed.next(), { new: 3 });
  await flow.stop();
  const { in: taken, out, failed } = flow.report();
  assertEquals({ taken, out, failed }, { taken: 7, out: 3, failed: 0 });
});

Deno.test("while steps are replaced again and again, each event goes through exactly one version, in order", async () => {
  const version = (n: number): PipelineDefinition => [{ project: { id: ["field", "id"], version: n } }];
  await using fed = new Fed();
  const flow = await fed.deploy(version(0));
  const total = 5000;
  const feeding = (async () => {
    for (let id = 0; id < total; id += 50) {
      fed.feed(...Array.from({ length: 50 }, (_, index) => ({ id: id + index })));
      await new Promise((resolve) => setTimeout(resolve));
    }
  })();
  const got: { id: number; version: number }[] = [];
  const reading = (async () => {
    while (got.length < total) got.push(await fed.next() as typeof got[number]);
  })();
  let last = 0;
  while (got.length < total) {
    await flow.replacePipeline("main", version(++last));
    await new Promise((resolve) => setTimeout(resolve));
  }
  await Promise.all([feeding, reading]);
  assertEquals(got.map(({ id }) => id), Array.from({ length: total }, (_, id) => id));
  assertEquals(got.every(({ version }, index) => index === 0 || version >= got[index - 1]!.version), true);
  assertEquals(new Set(got.map(({ version }) => version)).size > 2, true);
  const main = flow.report().nodes.find(({ name }) => name === "main")!;
  assertEquals([main.metrics.in, main.metrics.out], [total, total]);
});

Deno.test("steps that do not fit are refused, and the old ones go on", async () => {
  await using fed = new Fed();
  const old: PipelineDefinition = [{ branch: { exit: ["==", ["field", []], "exit"] } }];
  const flow = await fed.deploy(old, true);
  const refused = async (name: string, steps: unknown, code: string, says: string): Promise<void> => {
    const error = await assertRejects(
      () => flow.replacePipeline(name, steps as PipelineDefinition),
      CaissonError,
      says,
    );
    assertEquals(error.code, code);
  };
  await refused("main", [{ filter: ["==", 1] }], "CAISSON_FLOW_INVALID", "pipelines.main[0].filter");
  await refused("main", [{ filtre: true }], "CAISSON_FLOW_INVALID", "pipelines.main[0]");
  await refused("main", [{ filter: true }], "CAISSON_FLOW_LINK", "linked to stop");
  await refused("main", [{ processor: { type: "any" } }], "CAISSON_FLOW_INVALID", "a processor step");
  await refused("out", old, "CAISSON_FLOW_INVALID", "allowed: main");
  assertEquals(await fed.ask("still here"), "still here");
  await flow.stop();
  await refused("main", old, "CAISSON_FLOW_STATE", "a running flow");
});

async function until(condition: () => boolean): Promise<void> {
  const limit = AbortSignal.timeout(30_000);
  while (!condition()) {
    limit.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
