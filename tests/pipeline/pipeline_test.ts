import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { compileOperators, compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";

const encoder = new TextEncoder();

interface Result {
  readonly out: unknown[];
  readonly err: unknown[];
  readonly failures: ReadonlyMap<number, unknown>;
  readonly settled: number;
  readonly metrics: Pipeline["metrics"];
  readonly errors: readonly CaissonError[];
}

async function run(
  definition: PipelineDefinition,
  lines: readonly string[],
  { codec = "json", err = false }: { codec?: string; err?: boolean } = {},
): Promise<Result> {
  const collect = (into: unknown[]) => ({
    push(delivery: Delivery): void {
      for (const event of eventsOf(delivery)) into.push(event.value);
      delivery.settlement.release();
    },
    drain: () => Promise.resolve(),
  });
  const result = { out: [] as unknown[], err: [] as unknown[], errors: [] as CaissonError[], settled: 0 };
  let failures: ReadonlyMap<number, unknown> = new Map();
  const out = new Fanout();
  out.link(collect(result.out));
  const errors = new Fanout();
  if (err) errors.link(collect(result.err));
  const pipeline = new Pipeline(compilePipeline(definition, "flow: pipelines.main"), {
    alias: "flow/main",
    out,
    err: errors,
    onError: (error) => result.errors.push(error),
  });
  const batch = Batch.allocate({ capacity: 64 });
  for (const line of lines) batch.appendBytes(encoder.encode(line), 0);
  await pipeline.push({
    batch,
    events: undefined,
    codec: createCodec(codec),
    settlement: new Settlement((found) => {
      failures = found;
      result.settled++;
    }),
  });
  await pipeline.drain();
  return { ...result, failures, metrics: pipeline.metrics };
}

Deno.test("a filter keeps what its expression holds for and counts the rest as dropped", async () => {
  const { out, metrics, settled } = await run([{ filter: ["==", ["field", "level"], "error"] }], [
    '{"level":"error","n":1}',
    '{"level":"info","n":2}',
    '{"level":"error","n":3}',
  ]);
  assertEquals(out, [{ level: "error", n: 1 }, { level: "error", n: 3 }]);
  assertEquals(metrics, { in: 3, out: 2, dropped: 1, failed: 0 });
  assertEquals(settled, 1);
});

Deno.test("a filter function that looks at no value decodes nothing", async () => {
  const { out, errors } = await run([{ filter: (event) => event.index === 1 }, { project: (event) => event.index }], [
    "this is not JSON",
    "{}",
  ]);
  assertEquals(out, [1]);
  assertEquals(errors, []);
});

Deno.test("a projection leaves out fields that are not there", async () => {
  const { out } = await run([{ project: { a: ["field", "x.y"], b: ["field", "z"], c: 7 } }], ['{"x":{"y":1}}']);
  assertEquals(out, [{ a: 1, c: 7 }]);
});

Deno.test("an extraction turns named groups into fields and numbers", async () => {
  const { out } = await run(
    [{ extract: { pattern: "^(?<verb>\\w+) (?<status>\\d+|-) (?<rest>.*)$", numbers: ["status"] } }],
    ["GET 200 ok", "PUT - none"],
    { codec: "string" },
  );
  assertEquals(out, [{ verb: "GET", status: 200, rest: "ok" }, { verb: "PUT", status: null, rest: "none" }]);
});

Deno.test("an operator that throws fails its event and no other", async () => {
  const { out, failures, metrics, errors } = await run([{ project: (event) => 1 / (event.value as { n: number }).n }], [
    '{"n":2}',
    "not json",
    '{"n":4}',
  ]);
  assertEquals(out, [0.5, 0.25]);
  assertEquals([...failures.keys()], [1]);
  assertEquals(metrics.failed, 1);
  assertEquals(errors[0]!.code, "CAISSON_CODEC_DECODE");
});

Deno.test("a failed event goes to the port err when something is linked there, and counts as delivered", async () => {
  const { err, failures, settled } = await run([{ extract: { pattern: "^(?<n>\\d+)$" } }], ["12", "x"], {
    codec: "string",
    err: true,
  });
  assertEquals(err.length, 1);
  assertEquals((err[0] as { event: unknown }).event, "x");
  assertEquals((err[0] as { error: { code: string } }).error.code, "CAISSON_OPERATOR_FAILED");
  assertEquals(failures.size, 0);
  assertEquals(settled, 1);
});

Deno.test("a count comes out when the flow drains, grouped by its keys", async () => {
  const lines = ["a", "b", "a", "a"].map((host, index) => JSON.stringify({ host, ok: index % 2 === 0 }));
  const { out, metrics } = await run([{ count: { by: { host: ["field", "host"] } } }], lines);
  assertEquals(out, [{ host: "a", count: 3 }, { host: "b", count: 1 }]);
  assertEquals(metrics.dropped, 0);
});

Deno.test("a count emits every so many events when asked to", async () => {
  const lines = Array.from({ length: 5 }, () => "{}");
  const { out } = await run([{ count: { by: {}, as: "n", everyEvents: 2 } }], lines);
  assertEquals(out, [{ n: 2 }, { n: 2 }, { n: 1 }]);
});

Deno.test("a count holds no more groups than it may", async () => {
  const lines = Array.from({ length: 6 }, (_, index) => JSON.stringify({ id: index }));
  const { out } = await run([{ count: { by: { id: ["field", "id"] }, maxGroups: 2 } }], lines);
  assertEquals(out, [{ id: 0, count: 1 }, { id: 1, count: 1 }, { id: null, count: 4 }]);
});

Deno.test("operators after a count see what it emits", async () => {
  const lines = ["x", "y", "x"].map((host) => JSON.stringify({ host }));
  const { out } = await run([{ count: { by: { host: ["field", "host"] } } }, {
    filter: [">", ["field", "count"], 1],
  }], lines);
  assertEquals(out, [{ host: "x", count: 2 }]);
});

Deno.test("a pattern that is none, or names a number that is no group, is refused with its path", () => {
  const bad = assertThrows(() => compileOperators([{ extract: { pattern: "(" } }], "f: pipelines.p"), CaissonError);
  assertEquals(bad.code, "CAISSON_FLOW_INVALID");
  assertStringIncludes(bad.subject, "f: pipelines.p[0].extract.pattern");
  const number = assertThrows(
    () => compileOperators([{ extract: { pattern: "(?<a>.)", numbers: ["b"] } }], "p"),
    CaissonError,
  );
  assertEquals(number.allowed, "a");
});

Deno.test("a count whose result would replace one of its keys is refused", () => {
  const error = assertThrows(
    () => compileOperators([{ count: { by: { n: ["field", "n"] }, as: "n" } }], "p"),
    CaissonError,
  );
  assertEquals(error.code, "CAISSON_FLOW_INVALID");
});
