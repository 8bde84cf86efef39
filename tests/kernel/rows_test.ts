import { assert, assertEquals } from "@std/assert";
import type { Expression, OperatorDefinition, PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { compilePipeline } from "../../runtime/pipeline/compile.ts";
import type { CompiledPipeline } from "../../runtime/pipeline/compiled_pipeline.ts";
import type { Event } from "../../runtime/flow/delivery.ts";
import type { Operator } from "../../runtime/pipeline/operator.ts";
import { seeded } from "./hostile_json.ts";
import { hasKernel, openKernel, type Outcome, runPipeline } from "./kernel_twin.ts";

const ignore = !await hasKernel();
const encode = (text: string) => new TextEncoder().encode(text);
const field = (path: string): Expression => ["field", path];

/** Runs both ways and gives what both came to. */
async function both(
  definition: PipelineDefinition | CompiledPipeline,
  texts: readonly string[],
  failing: readonly number[],
  what: string,
): Promise<Outcome> {
  const payloads = texts.map(encode);
  const { kernel, opened } = await openKernel(definition);
  await using _ = opened;
  const native = await runPipeline(definition, payloads, kernel, failing);
  assertEquals(native, await runPipeline(definition, payloads, undefined, failing), what);
  return native;
}

/** Steps whose side ports lead nowhere. */
function alone(steps: readonly OperatorDefinition[]): PipelineDefinition {
  return { nodes: { only: steps }, links: [{ from: "in", to: "only" }, { from: "only", to: "out" }] };
}

/** Events of few keys of every kind; some are more than the kernel reads. */
function keyedEvents(random: () => number, count: number): string[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const keys = [
    () => `"k":"s${below(5)}"`,
    () => `"k":${below(4)}`,
    () => `"k":${below(3)}.5`,
    () => `"k":${4096 + below(2)}`,
    () => `"k":-${1 + below(2)}`,
    () => `"k":"${"long".repeat(40)}${below(2)}"`,
    () => `"k":${["null", "true", "false"][below(3)]}`,
    () => `"x":1`,
    () => random() < 0.2 ? `"k":[${below(2)}]` : `"k":"1"`,
    () => random() < 0.2 ? `"k":-0` : `"k":0`,
  ];
  const values = [
    () => `"n":${below(1000) / 8}`,
    () => `"n":${(random() - 0.5) * 1e18}`,
    () => `"n":${below(9)}`,
    () => `"n":"text"`,
    () => random() < 0.1 ? `"n":{}` : `"n":null`,
    () => `"m":1`,
  ];
  return Array.from({ length: count }, (_, id) => {
    const few = random() < 0.6 ? 2 : keys.length;
    return `{"id":${id},${keys[below(few)]!()},${values[below(random() < 0.7 ? 3 : values.length)]!()}}`;
  });
}

/** A step that takes rows in many at a time. */
function rowStep(random: () => number): OperatorDefinition {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  if (random() < 0.3) {
    return { count: { by: { k: field("k") }, everyEvents: pick([1, 7, 100]), maxGroups: pick([2, 100]) } };
  }
  return {
    select: {
      ...(random() < 0.8 ? { groupBy: field("k") } : {}),
      window: { tumbling: { size: pick([1, 2, 5, 40]), maxGroups: pick([1, 3, 100]) } },
      target: {
        group: ["group"],
        count: ["count"],
        numbers: ["count", field("n")],
        sum: ["sum", field("n")],
        max: ["max", field("n")],
        mean: ["mean", field("n")],
        spread: ["stdev", field("n")],
        start: ["window", "start"],
        end: ["window", "end"],
        groups: ["cardinality"],
      },
      ...(random() < 0.3 ? { having: [">", field("sum"), 50] } : {}),
      ...(random() < 0.3 ? { atEnd: "drop" } : {}),
    },
  };
}

Deno.test({
  name: "windows and counts that take rows come to what they come to with events, and fail the same",
  ignore,
  async fn() {
    let out = 0;
    let failed = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed);
      const step = rowStep(random);
      const kind = random();
      const before: OperatorDefinition[] = [];
      if (random() < 0.5) before.push({ filter: ["!=", field("n"), 3] });
      const projects = random() < 0.5;
      if (projects) before.push({ project: { id: field("id"), k: field("k"), n: field("n") } });
      const definition: PipelineDefinition = kind < 0.4 || before.length === 0 ? alone([...before, step]) : {
        nodes: { first: before, second: [step] },
        links: [
          { from: "in", to: "first" },
          { from: "first", to: ["out", "second"] },
          { from: "second", to: kind < 0.85 ? "side" : "out" },
        ],
      };
      const events = keyedEvents(random, 300);
      const failing = [0, 2, 9, 11, 40, 41, 200];
      const what = `seed ${seed}: ${JSON.stringify(definition)}`;
      const outcome = await both(definition, events, failing, what);
      out += outcome.out.length;
      failed += outcome.failed.length;
    }
    assert(out > 500 && failed > 250, `${out} came out, ${failed} failed`);
  },
});

/** Passes nothing on, and fails events whose `k` is 2. */
const picky: Operator = {
  name: "picky",
  step: (event) => refuseTwo((event.value as { readonly k: unknown }).k),
  kernelStep: { reads: [{ path: ["k"], expression: field("k") }], passes: false, keepsRows: false },
  stepRead: (_, row) => refuseTwo(row["k"]),
  stepRows: (rows, from, to) => {
    for (rows.at = from; rows.at < to; rows.at++) {
      if (!refuseTwo(rows.value(rows.start + rows.columns * rows.at))) rows.dropped++;
    }
  },
};

function refuseTwo(key: unknown): boolean {
  if (key === 2) throw new RangeError("two");
  return key !== 3;
}

Deno.test({
  name: "limits that take rows let the same events through, and forget the same keys",
  ignore,
  async fn() {
    let over = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const random = seeded(seed);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
      const bucket = {
        class: pick<Expression>([field("k"), ["string", field("k")], "all"]),
        rate: pick<Expression>([1, 2, field("n")]),
        ...(random() < 0.7
          ? { dimensions: pick<Expression>([field("k"), field("n"), ["if", ["==", field("n"), 1], "a", null]]) }
          : {}),
        cardinality: pick([1, 2, 100]),
        timeRangeMs: pick([10, 100]),
        windows: pick([1, 10]),
      };
      const before: OperatorDefinition[] = pick([[], [{ filter: ["!=", field("n"), 3] }], [{
        project: { id: field("id"), k: field("k"), n: field("n") },
      }]]);
      const definition: PipelineDefinition = {
        nodes: {
          only: [...before, random() < 0.8 ? { bucket } : { throttle: { limit: 2, perMs: 20, key: field("k") } }],
        },
        links: [
          { from: "in", to: "only" },
          { from: "only", to: "out" },
          ...(random() < 0.7 ? [{ from: "only/overflow", to: pick(["out", "side"]) }] : []),
        ],
      };
      const { out } = await both(
        definition,
        keyedEvents(random, 300),
        [0, 9, 40],
        `${seed}: ${JSON.stringify(definition)}`,
      );
      over += out.length;
    }
    assert(over > 1000, `${over} came out`);
  },
});

Deno.test({
  name: "a step that fails one of many rows fails that event, and goes on with those behind it",
  ignore,
  async fn() {
    const texts = keyedEvents(seeded(5), 600);
    for (const projects of [false, true]) {
      const made: OperatorDefinition = projects
        ? { project: { id: field("id"), k: field("k") } }
        : { filter: ["!=", field("id"), 5] };
      const tap = compilePipeline({
        nodes: { first: [made], second: [{ count: { by: { k: field("k") } } }] },
        links: [{ from: "in", to: "first" }, { from: "first", to: ["out", "second"] }, { from: "second", to: "side" }],
      }, "test");
      const [first, second] = tap.chains;
      const beside: CompiledPipeline = { ...tap, chains: [first!, { ...second!, operators: [picky] }] };
      const alone = compilePipeline([made], "test");
      const after: CompiledPipeline = {
        ...alone,
        chains: [{ ...alone.chains[0]!, operators: [...alone.chains[0]!.operators, picky] }],
      };
      for (const compiled of [beside, after]) {
        const { failed, out } = await both(compiled, texts, [0, 3], `projects: ${projects}`);
        assert(failed.length > 5);
        assertEquals(out.length > 0, compiled === beside);
      }
    }
  },
});

Deno.test({
  name: "windows keep groups apart when the kernel numbers texts anew",
  ignore,
  async fn() {
    const select = {
      groupBy: field("k"),
      window: { tumbling: { size: 50, maxGroups: 40 } },
      target: { group: ["group"], count: ["count"], sum: ["sum", field("n")] } as const,
    };
    // In the second batch the texts of the first have lost their numbers, and others get them.
    const texts = Array.from({ length: 100_000 }, (_, n) => {
      const often = n < 50_000 ? n % 7 : 6 - n % 7;
      return n % 20 === 0 || n > 99_000 ? `{"k":"often ${often}","n":${n}}` : `{"k":"text ${n}","n":1}`;
    });
    const { out } = await both(alone([{ select }]), texts, [], "anew");
    assert(out.length > 40);
  },
});

Deno.test({
  name: "what a limit lets through into another node keeps its event and verdict, whatever becomes of others there",
  ignore,
  async fn() {
    for (const step of [{ throttle: { limit: 3, perMs: 20, key: field("k") } }, { dedupe: { key: field("n") } }]) {
      // Made anew for each run: what was let through is remembered.
      const made = (): CompiledPipeline => {
        const { chains: [first, second], ...rest } = compilePipeline({
          nodes: { first: [{ filter: ["!=", field("n"), 3] }, step], second: [{ sample: { keep: 1 } }] },
          links: [{ from: "in", to: "first" }, { from: "first", to: "second" }, { from: "second", to: "out" }],
        }, "test");
        return { ...rest, chains: [first!, { ...second!, operators: [looksBack()] }] };
      };
      const payloads = keyedEvents(seeded(11), 400).map(encode);
      const { kernel, opened } = await openKernel(made());
      await using _ = opened;
      const native = await runPipeline(made(), payloads, kernel, [3]);
      assertEquals(native, await runPipeline(made(), payloads, undefined, [3]));
      assert(native.out.length > 30 && native.failed.length > 5, `${native.out.length}, ${native.failed.length}`);
    }
  },
});

/** Fails each seventh event, and adds to the others the one before, which has to be the same one still. */
function looksBack(): Operator {
  let last: Event | undefined;
  return {
    name: "looks back",
    step: (event, emit) => {
      const { id } = event.value as { readonly id: number };
      if (id % 7 === 0) throw new RangeError("seven");
      const before = last;
      last = event;
      return emit(before === undefined ? event : event.with({ id, before: before.value }));
    },
  };
}
