import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CaissonError, type HostComponent, Runtime, type SinkPart } from "../../mod.ts";

const flow = {
  name: "main",
  connectors: { in: { type: "in", reconnect: { intervalMs: 5 } }, out: { type: "out" } },
  links: [{ from: "in", to: "out" }],
};

/** A source that never connects; `asked` resolves at its first attempt. */
function unreachable(): { component: HostComponent; asked: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    asked: promise,
    component: {
      type: "in",
      kind: "source",
      create: () => ({
        produces: "events",
        connect() {
          resolve();
          throw new Error("nobody there");
        },
        poll: () => ({ state: "ended" }),
        close() {},
      }),
    },
  };
}

function sink(more: Partial<SinkPart>): HostComponent {
  return {
    type: "out",
    kind: "sink",
    create: () => ({ accepts: "values", write() {}, close() {}, ...more }) as SinkPart,
  };
}

Deno.test("a flow that cannot connect yet is stopped: its deploy is rejected and what was started is closed", async () => {
  const { component, asked } = unreachable();
  let closed = false;
  const runtime = new Runtime({ onError: () => {} });
  runtime.provide(component);
  runtime.provide(sink({ close: () => void (closed = true) }));
  const deploying = assertRejects(() => runtime.deploy(flow), CaissonError);
  const waiting = assertRejects(() => runtime.deploy({ ...flow, name: "second" }), CaissonError);
  await asked;
  await runtime.stop();
  assertEquals((await deploying).code, "CAISSON_CONNECT_FAILED");
  const { code, message } = await waiting;
  assertEquals(code, "CAISSON_FLOW_STATE");
  assertStringIncludes(message, "stopped");
  assertEquals([closed, runtime.flows.length], [true, 0]);
});

Deno.test("a part that never ends closing is reported and does not hold up the stop", async () => {
  const errors: string[] = [];
  const runtime = new Runtime({ onError: ({ message }) => errors.push(message) });
  const { promise, resolve } = Promise.withResolvers<void>();
  runtime.provide({
    type: "in",
    kind: "source",
    create: () => ({ produces: "events", poll: () => ({ state: "idle" }), close() {} }),
  });
  runtime.provide(sink({ close: () => promise }));
  await runtime.deploy(flow);
  await runtime.stop({ closeMs: 20 });
  assertEquals(errors.length, 1);
  assertStringIncludes(errors[0]!, "still closing");
  resolve();
  await Promise.all(runtime.flows.map(({ done }) => done));
});

Deno.test("a runtime that was stopped deploys again", async () => {
  await using runtime = new Runtime();
  await runtime.stop();
  runtime.provide({
    type: "in",
    kind: "source",
    create: () => ({ produces: "events", poll: () => ({ state: "ended" }), close() {} }),
  });
  runtime.provide(sink({}));
  const { done } = await runtime.deploy(flow);
  await done;
});

Deno.test("a processor whose ports both lead to one node drains", async () => {
  await using runtime = new Runtime();
  runtime.provide({
    type: "in",
    kind: "source",
    create: () => ({ produces: "events", poll: () => ({ state: "ended" }), close() {} }),
  });
  runtime.provide({
    type: "pass",
    kind: "processor",
    create: () => ({ maxEvents: 1, process() {}, close() {} }),
  });
  runtime.provide(sink({}));
  const { done } = await runtime.deploy({
    ...flow,
    processors: { pass: { type: "pass" } },
    links: [{ from: "in", to: "pass" }, { from: "pass", to: "out" }, { from: "pass/err", to: "out" }],
  });
  await done;
});
