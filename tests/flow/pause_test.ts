import { assert, assertEquals, assertRejects } from "@std/assert";
import { CaissonError, type PollResult, Runtime, type SourcePart, toAsyncIterable } from "../../mod.ts";
import { Gate } from "../../runtime/connector/gate.ts";
import { type Driven, drivenFlow, eventually } from "./driven_flow.ts";

/** Lets everything that is ready run. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

async function written(driven: Driven, count: number): Promise<void> {
  await eventually(() => driven.written.length >= count, `${count} events written`);
}

Deno.test("a gate opens with the last of its reasons, and for good when it is released", async () => {
  const gate = new Gate();
  const seen: boolean[] = [];
  gate.onChange((isOpen) => seen.push(isOpen));
  gate.close("user");
  gate.close("breaker");
  gate.open("breaker");
  assertEquals([gate.isOpen, gate.reasons], [false, ["user"]]);
  const passed = gate.passed();
  gate.open("user");
  await passed;
  gate.close("user");
  gate.release();
  gate.close("breaker");
  await gate.passed();
  assertEquals([gate.isOpen, gate.reasons, seen], [true, [], [false, true, false, true]]);
});

for (const node of ["in", "pass", "out", undefined]) {
  Deno.test(`nothing is delivered while ${node ?? "the flow"} is paused, and everything after it is resumed`, async () => {
    await using driven = await drivenFlow();
    driven.feed(3);
    await written(driven, 3);
    await driven.flow.pause(node);
    const { nodes } = driven.flow.report();
    assertEquals(nodes.filter(({ state }) => state === "paused").length, node === undefined ? 3 : 1);
    driven.feed(3);
    await turns();
    assertEquals(driven.written.length, 3);
    await driven.flow.resume(node);
    await written(driven, 6);
    driven.end();
    await driven.flow.done;
    assertEquals([driven.acked, driven.failed], [6, 0]);
    assertEquals(driven.flow.state, "stopped");
  });
}

Deno.test("resuming the flow does not resume a node that was paused by name, nor the other way round", async () => {
  await using driven = await drivenFlow();
  const stateOf = (name: string) => driven.flow.report().nodes.find((node) => node.name === name)!.state;
  await driven.flow.pause("out");
  await driven.flow.pause();
  await driven.flow.resume();
  assertEquals([stateOf("in"), stateOf("out")], ["running", "paused"]);
  await driven.flow.pause();
  await driven.flow.resume("out");
  assertEquals([stateOf("in"), stateOf("out")], ["paused", "paused"]);
  await driven.flow.resume();
  assertEquals([stateOf("in"), stateOf("out")], ["running", "running"]);
});

Deno.test("a part is told when it is paused and resumed, once, and what it throws is reported", async () => {
  const told: string[] = [];
  await using driven = await drivenFlow({
    sink: {
      pause() {
        told.push("pause");
        throw new Error("not now");
      },
      resume: () => void told.push("resume"),
    },
  });
  for (let time = 0; time < 2; time++) await driven.flow.pause("out");
  await driven.flow.resume("out");
  await driven.flow.resume("out");
  assertEquals(told, ["pause", "resume"]);
  assertEquals(driven.errors, ["CAISSON_PLUGIN_THREW"]);
});

Deno.test("a flow that is stopped while it is paused delivers what was read", async () => {
  await using driven = await drivenFlow();
  await driven.flow.pause("out");
  driven.feed(2);
  await driven.flow.pause();
  await driven.flow.stop();
  assertEquals([driven.written.length, driven.flow.state], [driven.acked, "stopped"]);
  assertEquals(driven.failed, 0);
});

Deno.test("a flow that has ended is neither paused nor resumed, and a node that is not there is named", async () => {
  await using driven = await drivenFlow();
  const unknown = await assertRejects(() => driven.flow.pause("nobody"), CaissonError);
  assertEquals(unknown.code, "CAISSON_FLOW_INVALID");
  assert(unknown.allowed.includes("pass"));
  await driven.flow.stop();
  for (const node of [undefined, "in"]) {
    for (const call of ["pause", "resume"] as const) {
      const { code } = await assertRejects(() => driven.flow[call](node), CaissonError);
      assertEquals(code, "CAISSON_FLOW_STATE");
    }
  }
});

Deno.test("a source that has ended or failed says so while others go on, and only what goes on is paused", async () => {
  const sinks = toAsyncIterable<number>();
  let end = (): void => {};
  await using runtime = new Runtime({ onError: () => {} });
  const waiting = new Promise<void>((resolve) => end = resolve);
  const part = (last: () => PollResult | Promise<PollResult>): SourcePart => ({
    produces: "events",
    poll: last,
    close() {},
  });
  const parts: Record<string, SourcePart> = {
    ending: part(() => ({ state: "ended" })),
    failing: part(() => Promise.reject(new Error("no more"))),
    lasting: part(() => waiting.then(() => ({ state: "ended" }))),
  };
  for (const [type, source] of Object.entries(parts)) runtime.provide({ type, kind: "source", create: () => source });
  runtime.provide({ type: "out", kind: "sink", create: () => sinks.sink });
  const names = Object.keys(parts);
  const flow = await runtime.deploy({
    name: "three",
    connectors: { ...Object.fromEntries(names.map((type) => [type, { type }])), out: { type: "out" } },
    links: names.map((from) => ({ from, to: "out" })),
  });
  const states = () => Object.fromEntries(flow.report().nodes.map(({ name, state }) => [name, state]));
  await eventually(() => states()["ending"] === "stopped" && states()["failing"] === "failed", "two sources over");
  assertEquals(states(), { ending: "stopped", failing: "failed", lasting: "running", out: "running" });
  assertEquals(flow.report().nodes.find(({ name }) => name === "failing")!.error!.code, "CAISSON_SOURCE_FAILED");
  const refused = await assertRejects(() => flow.pause("ending"), CaissonError);
  assertEquals(refused.code, "CAISSON_FLOW_STATE");
  await flow.pause();
  assertEquals(states(), { ending: "stopped", failing: "failed", lasting: "paused", out: "paused" });
  await flow.resume();
  end();
  await flow.done;
  assertEquals(states(), { ending: "stopped", failing: "failed", lasting: "stopped", out: "stopped" });
});
