/** Sinks that only fail stop the sources that feed them, and no others. */
import { assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import { eventually } from "./driven_flow.ts";

Deno.test("each source waits for the broken sinks it feeds, and for no others", async () => {
  let next = 0;
  let written = 0;
  await using runtime = new Runtime({ onError() {} });
  runtime.provide({
    type: "in",
    kind: "source",
    create: () => ({
      produces: "events",
      codec: "json",
      poll(batch) {
        batch.appendBytes(new TextEncoder().encode(String(next++)), 1);
        return { state: "idle", retryAfterMs: 1 };
      },
      close() {},
    }),
  });
  runtime.provide({
    type: "broken",
    kind: "sink",
    create: () => ({
      accepts: "values",
      write() {
        throw new Error("down");
      },
      close() {},
    }),
  });
  runtime.provide({
    type: "sound",
    kind: "sink",
    create: () => ({
      accepts: "values",
      write: (events) => void (written += events.length),
      close() {},
    }),
  });
  const broken = { type: "broken", breaker: { failures: 2, resetMs: 60_000 } };
  const flow = await runtime.deploy({
    name: "apart",
    connectors: {
      a: { type: "in" },
      b: { type: "in" },
      c: { type: "in" },
      x: broken,
      y: broken,
      z: { type: "sound" },
    },
    pipelines: { first: [], second: [], third: [] },
    links: [
      { from: "a", to: "first" },
      { from: "first", to: "x" },
      { from: "b", to: "second" },
      { from: "second", to: "y" },
      { from: "c", to: "third" },
      { from: "third", to: "z" },
    ],
  });
  const waitsFor = (name: string) => flow.report().nodes.find((node) => node.name === name)!.waitsFor;
  await eventually(() => waitsFor("a").length > 0 && waitsFor("b").length > 0, "both breakers triggered");
  assertEquals(["a", "b", "c"].map(waitsFor), [["sink:x"], ["sink:y"], []]);
  const before = written;
  await eventually(() => written > before + 3, "the third goes on");
  await flow.stop({ deadlineMs: 0 });
});
