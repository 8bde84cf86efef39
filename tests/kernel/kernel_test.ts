import { assert, assertEquals } from "@std/assert";
import { compilePipeline } from "../../runtime/pipeline/pipeline.ts";
import { kernelProgramOf } from "../../runtime/pipeline/kernel_program.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { eventsOfSeed, seeded } from "./hostile_json.ts";
import { hasKernel, openKernel, runPipeline } from "./kernel_twin.ts";
import { randomPipeline } from "./random_pipelines.ts";

const ignore = !await hasKernel();
const encode = (text: string) => new TextEncoder().encode(text);

interface KernelMetrics {
  readonly events: number;
  readonly dropped: number;
  readonly punted: number;
}

/** Both ways; the kernel's own count of what it handed back. */
async function both(definition: PipelineDefinition, texts: readonly string[], failing: readonly number[] = []) {
  const payloads = texts.map(encode);
  const { kernel, opened } = await openKernel(definition);
  await using _ = opened;
  const native = await runPipeline(definition, payloads, kernel, failing);
  const plain = await runPipeline(definition, payloads, undefined, failing);
  assertEquals(native, plain);
  const { part } = opened;
  assert(part.kind === "processor");
  const metrics = await part.processor.metrics!() as unknown as KernelMetrics;
  return { ...native, kernel: metrics };
}

const LEVEL: PipelineDefinition = [{ filter: ["==", ["field", "level"], "error"] }];

Deno.test({
  name: "the kernel keeps what the filter holds for, and hands back what it cannot read",
  ignore,
  async fn() {
    const { out, failed, kernel } = await both(LEVEL, [
      '{"level":"error","n":1}',
      '{"level":"info"}',
      '{"level":"info","level":"error"}',
      '{"le\\u0076el":"error"}',
      "{broken",
      "17",
    ]);
    assertEquals(out.length, 3);
    assertEquals(failed, [4]);
    assertEquals(kernel, { events: 6, dropped: 1, punted: 2 });
  },
});

Deno.test({
  name: "the kernel writes projections as JSON.stringify does, without handing plain ones back",
  ignore,
  async fn() {
    const definition: PipelineDefinition = [{
      project: {
        n: ["field", "n"],
        'quo"te': ["field", "t"],
        sum: ["+", ["field", "n"], 0.1],
        nothing: ["field", "absent"],
        at: ["concat", ["field", "t"], "@", ["field", "n"]],
        env: "prod",
      },
    }];
    const numbers = [
      "0",
      "1",
      "-12.5",
      "1e21",
      "18446744073709551615",
      "1e-7",
      "0.000001",
      "5e-324",
      "9007199254740993",
    ];
    const random = seeded(7);
    for (let index = 0; index < 3000; index++) {
      const bits = new BigUint64Array([BigInt(Math.floor(random() * 2 ** 32)) << 32n | BigInt(index * 1_000_003)]);
      const any = new Float64Array(bits.buffer)[0]!;
      const decimals = Math.round((random() - 0.5) * 10 ** (1 + index % 17)) / 10 ** (index % 7);
      for (const number of [any, decimals]) if (Math.abs(number) < 1e18 && number !== 0) numbers.push(String(number));
    }
    const { kernel } = await both(definition, numbers.map((n) => `{"n":${n},"t":"a\\n\\u0001ü\\"\\\\😀"}`));
    assertEquals(kernel.punted, 0);
  },
});

Deno.test({
  name: "a verdict on a projected event reaches the event it was made of, and each batch is settled once",
  ignore,
  async fn() {
    const definition: PipelineDefinition = [{ filter: [">", ["field", "n"], 1] }, { project: { n: ["field", "n"] } }];
    const texts = Array.from({ length: 6 }, (_, n) => JSON.stringify({ n }));
    const { failed, settled } = await both(definition, texts, [1, 3]);
    assertEquals(failed, [3, 5]);
    assertEquals(settled, 2);
    // With one event handed back the output goes event by event.
    const mixed = await both(definition, [...texts, '{"n":7,"n":"8"}', '{"n":1e400}', '{"n":[1]}'], [1, 3, 4]);
    assertEquals(mixed.failed, [3, 5, 7]);
    assertEquals(mixed.settled, 2);
  },
});

Deno.test({
  name: "steps after those of the kernel see its events, also where they count or hold them",
  ignore,
  async fn() {
    const texts = Array.from(
      { length: 12 },
      (_, n) => JSON.stringify({ level: n % 4 === 0 ? "debug" : "info", s: `s${n % 2}` }),
    );
    const { out } = await both([
      { filter: ["!=", ["field", "level"], "debug"] },
      { project: { s: ["field", "s"] } },
      { count: { by: { s: ["field", "s"] }, everyEvents: 3 } },
    ], texts);
    assertEquals(out.length, 6);
  },
});

Deno.test({
  name: "a count is fed with its keys alone, and groups as it does without the kernel",
  ignore,
  async fn() {
    const texts = [
      '{"k":1}',
      '{"k":1.0}',
      '{"k":"1"}',
      '{"k":null}',
      "{}",
      '{"k":[1]}',
      '{"k":[1]}',
      '{"k":-0}',
      '{"k":0}',
    ];
    for (const maxGroups of [2, 100]) {
      const count = { by: { k: ["field", "k"] }, maxGroups } as const;
      const { out, kernel } = await both([{ count }], [...texts, "{", ...texts]);
      assertEquals(out.length, maxGroups === 2 ? 3 : 5);
      assertEquals(kernel.punted, 7);
      await both([{ filter: ["present", ["field", "k"]] }, { count }], [...texts, "{", ...texts]);
    }
  },
});

Deno.test({
  name: "kernel and operators agree on hostile events",
  ignore,
  async fn() {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      const definition = randomPipeline(random);
      const payloads = eventsOfSeed(seed, random, 400);
      const { kernel, opened } = await openKernel(definition);
      await using _ = opened;
      const native = await runPipeline(definition, payloads, kernel, [3, 17]);
      assertEquals(
        native,
        await runPipeline(definition, payloads, undefined, [3, 17]),
        `seed ${seed}: ${JSON.stringify(definition)}`,
      );
    }
  },
});

Deno.test({
  name: "texts without a number, and numbers that start anew, mean the same texts",
  ignore,
  async fn() {
    const key = ["field", "k"] as const;
    const unlike = Array.from({ length: 100_000 }, (_, n) => `{"k":"text ${n}"}`);
    const { out, kernel } = await both([{ sample: { keep: 0.002, key } }], unlike);
    assert(out.length > 50);
    assertEquals([kernel.events, kernel.punted], [100_000, 0]);
    // Behind projections of any length, and longer than texts that get a number.
    const long = Array.from(
      { length: 300 },
      (_, n) => `{"n":${10 ** (n % 7)},"k":"${"ü".repeat(60 + n % 9)}${n % 7}"}`,
    );
    const beside = await both({
      nodes: { first: [{ project: { n: ["field", "n"], k: key } }], second: [{ count: { by: { k: key } } }] },
      links: [{ from: "in", to: "first" }, { from: "first", to: ["out", "second"] }, { from: "second", to: "side" }],
    }, long);
    assertEquals(beside.out.length, 300 + 63);
    assertEquals(beside.kernel.punted, 0);
  },
});

Deno.test("only leading steps that are plain expressions become a program", () => {
  const stepsOf = (definition: PipelineDefinition) => kernelProgramOf(compilePipeline(definition, "test"))?.steps;
  assertEquals(stepsOf(LEVEL), 1);
  assertEquals(stepsOf([...LEVEL, { project: { a: ["field", "a"] } }, ...LEVEL]), 3);
  assertEquals(stepsOf([{ filter: ["matches", ["field", "a"], "^x"] }, ...LEVEL]), undefined);
  assertEquals(stepsOf([{ filter: () => true }]), undefined);
  assertEquals(stepsOf([...LEVEL, { project: { "__proto__x": 1, "7": ["field", "a"] } }]), 1);
  assertEquals(stepsOf([{ project: JSON.parse('{"__proto__": 1}') }]), undefined);
  assertEquals(stepsOf([{ filter: ["==", ["field", []], "text"] }]), undefined);
  assertEquals(stepsOf([{ filter: ["==", ["field", "a"], "\ud800"] }]), undefined);
  assertEquals(stepsOf([{ project: { a: -0 } }]), undefined);
  assertEquals(stepsOf([...LEVEL, { count: { by: { a: ["field", "a"] } } }]), 1);
  assertEquals(stepsOf([{ count: { by: { a: ["field", "a"] } } }]), 0);
});
