/** Random graphs with processors give what the same graphs give without: cutting changes nothing but where work is done. */
import { assert, assertEquals } from "@std/assert";
import type { ComponentInstance } from "../../runtime/connector/contract.ts";
import { Flow } from "../../runtime/flow/flow.ts";
import type { FlowDefinition, OperatorDefinition, PipelineGraph } from "../../runtime/flow/flow_definition.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { portsOf } from "../../runtime/pipeline/ports.ts";
import { integer, seeded } from "../data/random.ts";

const EVENTS = 40;
const SINKS = ["out", "extra", "err"] as const;
const encoder = new TextEncoder();

/** A graph of up to six lists, each fed by `in` or by lists before it. */
function randomGraph(random: () => number): PipelineGraph {
  const pick = <T>(from: readonly T[]): T => from[integer(random, from.length)]!;
  const names = Array.from({ length: 1 + integer(random, 6) }, (_, index) => `n${index}`);
  const step = (name: string): OperatorDefinition =>
    pick<() => OperatorDefinition>([
      () => ({ filter: ["!=", ["%", ["field", "id"], 5], integer(random, 5)] }),
      () => ({ set: { [name]: true } }),
      () => ({ branch: { side: ["==", ["%", ["field", "id"], 3], integer(random, 3)] } }),
      () => ({
        match: { cases: [{ case: { id: { $in: [integer(random, EVENTS)] } }, to: "err" }], otherwise: "pass" },
      }),
      () => ({ processor: { type: "same" } }),
    ])();
  const nodes = Object.fromEntries(
    names.map((name) => [name, Array.from({ length: integer(random, 4) }, () => step(name))]),
  );
  const links = new Map<string, Set<string>>();
  const link = (from: string, to: string): void => void links.set(from, (links.get(from) ?? new Set()).add(to));
  const portsAt = (name: string): string[] => {
    const steps = nodes[name]!;
    return [
      name,
      ...steps.some((each) => "branch" in each) ? [`${name}/side`] : [],
      ...steps.some((each) => "match" in each) ? [`${name}/err`] : [],
    ];
  };
  for (const [index, name] of names.entries()) {
    const before = ["in", "in", ...names.slice(0, index).flatMap(portsAt)];
    for (let inputs = 1 + integer(random, 2); inputs > 0; inputs--) link(pick(before), name);
  }
  for (const from of ["in", ...names.flatMap(portsAt)]) {
    const isOpen = !links.has(from) && !from.includes("/") && from !== "in";
    if (isOpen || integer(random, 5) === 0) link(from, pick(SINKS));
  }
  return { nodes, links: [...links].map(([from, to]) => ({ from, to: [...to] })) };
}

/** Runs it; what came to each sink, in no order. */
async function run(main: PipelineGraph): Promise<Record<string, string[]>> {
  const linked = SINKS.filter((port) => portsOf(main).includes(port));
  const definition: FlowDefinition = {
    name: "cut",
    connectors: Object.fromEntries(["in", ...linked].map((type) => [type, { type, codec: "json" }])),
    pipelines: { main },
    links: [{ from: "in", to: "main" }, ...linked.map((port) => ({ from: `main/${port}`, to: port }))],
  };
  const written: Record<string, string[]> = {};
  let next = 0;
  let acked = 0;
  const partOf = (type: string): ComponentInstance["part"] => {
    if (type === "in") {
      const source = {
        produces: "events" as const,
        poll(batch: { appendBytes(bytes: Uint8Array, at: number): boolean }) {
          for (let index = 0; index < 7 && next < EVENTS; index++) {
            batch.appendBytes(encoder.encode(JSON.stringify({ id: next++ })), 1);
          }
          return { state: next < EVENTS ? "filled" as const : "ended" as const };
        },
        settle: (batch: { count: number }, failures: ReadonlyMap<number, unknown>) =>
          void (acked += batch.count - failures.size),
        close() {},
      };
      return { kind: "source", source };
    }
    if (type !== "same") {
      const into: string[] = written[type] = [];
      const write = (events: readonly { value: unknown }[]): void =>
        void into.push(...events.map(({ value }) => JSON.stringify(sorted(value as Record<string, unknown>))));
      return { kind: "sink", sink: { accepts: "values", write, close() {} } };
    }
    return {
      kind: "processor",
      processor: {
        maxEvents: 5,
        async process(batch, out) {
          await Promise.resolve();
          out.shareSegments(batch);
          for (let index = 0; index < batch.count; index++) out.appendRecord(batch, index);
        },
        close() {},
      },
    };
  };
  const flow = new Flow({
    definition: parseFlow(definition, "cut.json"),
    launch: ({ type }) =>
      Promise.resolve({ instance: { isolation: "builtin", level: "none", part: partOf(type) }, plugin: "builtin" }),
    onError: (error) => {
      throw error;
    },
  });
  await flow.start();
  await flow.done;
  assertEquals(acked, EVENTS);
  return Object.fromEntries(Object.entries(written).map(([sink, values]) => [sink, values.toSorted()]));
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => one < other ? -1 : 1));
}

function withoutProcessors({ nodes, links }: PipelineGraph): PipelineGraph {
  const plain = Object.entries(nodes).map(([name, steps]) =>
    [name, steps.map((step) => "processor" in step ? { filter: true } : step)] as const
  );
  return { nodes: Object.fromEntries(plain), links };
}

Deno.test("200 random graphs with processors give at each port what they give without them, each event settled once", async () => {
  let processors = 0;
  let events = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const graph = randomGraph(seeded(seed));
    const expected = await run(withoutProcessors(graph));
    try {
      assertEquals(await run(graph), expected);
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(graph)}`, { cause: error });
    }
    processors += Object.values(graph.nodes).flat().filter((step) => "processor" in step).length;
    events += Object.values(expected).flat().length;
  }
  assert(processors > 100 && events > 5000, `${processors} processors, ${events} events`);
});
