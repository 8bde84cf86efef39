import { assert, assertEquals } from "@std/assert";
import { drivenFlow, eventually } from "./driven_flow.ts";

const quick = { intervalMs: 1, growth: 1 };

for (const node of ["in", "out"] as const) {
  Deno.test(`${node} connects again after a loss; meanwhile nothing is read, and nothing is lost`, async () => {
    let mayConnect = true;
    const attempts: number[] = [];
    const part = {
      connect({ sinceLastSuccess }: { sinceLastSuccess: number }) {
        attempts.push(sinceLastSuccess);
        if (!mayConnect) throw new Error("nobody there");
      },
    };
    await using driven = await drivenFlow({
      [node === "in" ? "source" : "sink"]: part,
      connectors: { [node]: { reconnect: quick } },
    });
    const report = () => driven.flow.report().nodes.find(({ name }) => name === node)!;
    driven.feed(1);
    await eventually(() => driven.acked === 1, "the first event delivered");
    assertEquals(report().connectivity, "connected");
    mayConnect = false;
    driven.lost.get(node)!(new Error("reset by peer"));
    assertEquals([report().connectivity, report().waitsFor, report().state], [
      "disconnected",
      ["connection"],
      "running",
    ]);
    driven.feed(3);
    await eventually(() => attempts.length > 3, "some attempts");
    assertEquals(driven.written, [0]);
    mayConnect = true;
    await eventually(() => driven.acked === 4, "everything delivered");
    assertEquals([report().connectivity, report().reconnects, driven.failed], ["connected", 1, 0]);
    assertEquals(attempts.slice(0, 4), [0, 0, 1, 2]);
  });
}

Deno.test("an operator's pause outlives a connection that comes back", async () => {
  await using driven = await drivenFlow({ connectors: { out: { reconnect: quick } } });
  await driven.flow.pause("in");
  driven.lost.get("out")!("gone");
  const report = (name: string) => driven.flow.report().nodes.find((node) => node.name === name)!;
  assertEquals(report("in").waitsFor, ["user", "sink:out"]);
  await eventually(() => report("out").connectivity === "connected", "connected again");
  assertEquals([report("in").waitsFor, report("in").state], [["user"], "paused"]);
});

Deno.test("a sink that is lost for good fails its events, each of them once", async () => {
  let connected = false;
  await using driven = await drivenFlow({
    sink: {
      connect() {
        if (connected) throw new Error("nobody there");
        connected = true;
      },
    },
    connectors: { out: { reconnect: { ...quick, maxRetries: 2 } } },
  });
  driven.lost.get("out")!("gone");
  driven.feed(5);
  await eventually(() => driven.failed === 5, "five events failed");
  driven.end();
  await driven.flow.done;
  assertEquals([driven.acked, driven.written], [0, []]);
  const report = driven.flow.report().nodes.find(({ name }) => name === "out")!;
  assertEquals([report.state, report.error?.code], ["failed", "CAISSON_CONNECT_FAILED"]);
});

Deno.test("a source that is lost for good ends, and the flow with it", async () => {
  let connected = false;
  await using driven = await drivenFlow({
    source: {
      connect() {
        if (connected) throw new Error("nobody there");
        connected = true;
      },
    },
    connectors: { in: { reconnect: { ...quick, maxRetries: 1 } } },
  });
  driven.lost.get("in")!("gone");
  await driven.flow.done;
  const report = driven.flow.report().nodes.find(({ name }) => name === "in")!;
  assertEquals([report.state, report.error?.code], ["failed", "CAISSON_CONNECT_FAILED"]);
  assert(driven.errors.length > 0);
});
