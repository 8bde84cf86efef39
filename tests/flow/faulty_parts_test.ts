import { assert, assertEquals } from "@std/assert";
import type { ComponentInstance, SinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import { Flow } from "../../runtime/flow/flow.ts";
import type { FlowDefinition } from "../../runtime/flow/flow_definition.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";

type Parts = Readonly<Record<string, ComponentInstance["part"]>>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function flowOf(
  definition: FlowDefinition,
  parts: Parts,
  hear: () => void = () => {},
): { flow: Flow; errors: string[] } {
  const errors: string[] = [];
  const flow = new Flow({
    definition: parseFlow(definition, "test"),
    launch: ({ type }) =>
      Promise.resolve({ instance: { isolation: "builtin", level: "none", part: parts[type]! }, plugin: "builtin" }),
    onError: (error) => {
      errors.push(error.code);
      hear();
    },
  });
  return { flow, errors };
}

/** Reads one piece a poll. */
function reads(
  pieces: readonly string[],
  more: Partial<SourcePart> = {},
): ComponentInstance["part"] {
  const left = [...pieces];
  return {
    kind: "source",
    source: {
      produces: "events",
      poll(batch) {
        const piece = left.shift();
        if (piece !== undefined) batch.appendBytes(encoder.encode(piece), 1);
        return { state: left.length === 0 ? "ended" : "filled" };
      },
      close() {},
      ...more,
    },
  };
}

/** Keeps what is written as text. */
function keeps(texts: string[], close: () => void = () => {}): ComponentInstance["part"] {
  const sink: SinkPart = {
    accepts: "bytes",
    write(chunks) {
      for (const chunk of chunks) texts.push(decoder.decode(chunk));
    },
    close,
  };
  return { kind: "sink", sink };
}

for (const waits of [false, true]) {
  Deno.test(`a source that throws when it is told what became of its events ends, the flow with it: ${waits ? "slow" : "fast"} sink`, async () => {
    const source = reads(["1", "2", "3"], {
      settle() {
        throw new Error("no verdicts, please");
      },
    });
    const written: string[] = [];
    let closed = false;
    const sink: SinkPart = {
      accepts: "values",
      write(events): void | Promise<void> {
        for (const event of events) written.push(String(event.value));
        if (waits) return Promise.resolve();
      },
      close: () => void (closed = true),
    };
    const { flow, errors } = flowOf({
      name: "unsettled",
      connectors: { in: { type: "in" }, out: { type: "out" } },
      links: [{ from: "in", to: "out" }],
    }, { in: source, out: { kind: "sink", sink } });
    await flow.start();
    await flow.done;
    assertEquals(errors, ["CAISSON_SOURCE_FAILED"]);
    assertEquals(written[0], "1");
    assert(closed);
    assertEquals(flow.report().nodes.find(({ name }) => name === "in")!.error?.code, "CAISSON_SOURCE_FAILED");
  });
}

Deno.test("an event larger than a batch costs no other event of its stream", async () => {
  const written: string[] = [];
  const { flow, errors } = flowOf({
    name: "large",
    connectors: {
      in: { type: "in", codec: "string", batchBytes: 1024, preprocessors: ["separate"] },
      out: { type: "out", codec: "string" },
    },
    links: [{ from: "in", to: "out" }],
  }, {
    in: reads(["x".repeat(1000), `${"x".repeat(500)}\nb\nc\n`, "d\ne\n", "f\ng"], { produces: "chunks" }),
    out: keeps(written),
  });
  await flow.start();
  await flow.done;
  assertEquals(written, ["b", "c", "d", "e", "f", "g"]);
  assertEquals(errors, ["CAISSON_EVENT_TOO_LARGE"]);
});

Deno.test("what a count hands on and the next operator refuses is reported, and the flow ends", async () => {
  const written: string[] = [];
  let closed = false;
  const { flow, errors } = flowOf({
    name: "refused",
    connectors: { in: { type: "in" }, out: { type: "out" } },
    pipelines: {
      main: [{ count: { by: { n: ["field", "n"] }, everyEvents: 2 } }, { extract: { pattern: "(?<text>.)" } }],
    },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
  }, { in: reads(['{"n":1}', '{"n":2}', '{"n":3}']), out: keeps(written, () => void (closed = true)) });
  await flow.start();
  await flow.done;
  assertEquals(errors, ["CAISSON_OPERATOR_FAILED", "CAISSON_OPERATOR_FAILED", "CAISSON_OPERATOR_FAILED"]);
  assertEquals(written, []);
  assertEquals([flow.state, closed], ["stopped", true]);
  const source = flow.report().nodes.find(({ name }) => name === "in")!;
  assertEquals(source.metrics.failed, 0, "events that were counted are not failed");
});

Deno.test("what a count hands on and the next operator refuses goes to the port err", async () => {
  const refused: string[] = [];
  const { flow } = flowOf({
    name: "rescued",
    connectors: { in: { type: "in" }, out: { type: "out" }, refused: { type: "refused", codec: "json" } },
    pipelines: { main: [{ count: { by: { n: ["field", "n"] } } }, { extract: { pattern: "(?<text>.)" } }] },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }, { from: "main/err", to: "refused" }],
  }, { in: reads(['{"n":1}', '{"n":1}']), out: keeps([]), refused: keeps(refused) });
  await flow.start();
  await flow.done;
  assertEquals(refused.map((text) => JSON.parse(text).event), [{ n: 1, count: 2 }]);
});

Deno.test("what a listener for errors throws is the program's error, and the flow goes on", async () => {
  const uncaught: string[] = [];
  const listener = (event: ErrorEvent): void => {
    event.preventDefault();
    uncaught.push(event.message);
  };
  globalThis.addEventListener("error", listener);
  try {
    const { flow, errors } = flowOf(
      {
        name: "listened",
        connectors: { in: { type: "in" }, out: { type: "out", codec: "string" } },
        links: [{ from: "in", to: "out" }],
      },
      { in: reads(["{broken", "{also broken"]), out: keeps([]) },
      () => {
        throw new Error("a listener's own error");
      },
    );
    await flow.start();
    await flow.done;
    assertEquals([errors.length, uncaught.length, flow.state], [2, 2, "stopped"]);
    assert(uncaught.every((message) => message.includes("a listener's own error")));
  } finally {
    globalThis.removeEventListener("error", listener);
  }
});
