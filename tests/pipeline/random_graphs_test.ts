/** Random graphs of steps, beside a plain walk through their definition: what comes out where, and each event's verdict. */
import { assertEquals } from "@std/assert";
import type { PipelineGraph } from "../../runtime/flow/flow_definition.ts";
import { integer, seeded } from "../data/random.ts";
import { runPipeline } from "./run_pipeline.ts";

interface Value {
  readonly id: number;
  readonly n: number;
  readonly list: readonly number[];
}

type Random = () => number;

/** A step as data, and what it does: values for a port, or a throw. */
interface Step {
  readonly data: object;
  readonly apply: (value: Value) => readonly (readonly [port: string, value: Value])[];
}

const FAILS = new Error("no case matches");

const makers: readonly ((random: Random) => Step)[] = [
  (random) => {
    const by = 2 + integer(random, 3);
    return {
      data: { filter: ["!=", ["%", ["field", "n"], by], 0] },
      apply: (value) => value.n % by === 0 ? [] : [["out", value]],
    };
  },
  (random) => {
    const add = integer(random, 5);
    return {
      data: { set: { n: ["+", ["field", "n"], add] } },
      apply: (value) => [["out", { ...value, n: value.n + add }]],
    };
  },
  () => ({
    data: { each: { of: ["field", "list"], as: "n" } },
    apply: (value) => value.list.map((n) => ["out", { ...value, n }]),
  }),
  (random) => {
    const most = integer(random, 10);
    return {
      data: { branch: { side: [">", ["field", "n"], most] } },
      apply: (value) => [[value.n > most ? "side" : "out", value]],
    };
  },
  (random) => {
    const bad = integer(random, 12);
    return {
      data: { match: { cases: [{ case: { n: { $not: bad } } }] } },
      apply: (value) => {
        if (value.n === bad) throw FAILS;
        return [["out", value]];
      },
    };
  },
];

interface Graph {
  readonly definition: PipelineGraph;
  /** What one event gives at the ports of the pipeline. @throws when a step does */
  readonly walk: (value: Value) => [port: string, value: Value][];
}

/** Each node links to later ones and to ports only, so that there is no cycle. */
function graphOf(random: Random): Graph {
  const count = 1 + integer(random, 4);
  const names = Array.from({ length: count }, (_, index) => `n${index}`);
  const nodes = new Map(
    names.map((name) =>
      [name, Array.from({ length: integer(random, 4) }, () => makers[integer(random, makers.length)]!(random))] as const
    ),
  );
  const targets = new Map<string, string[]>();
  const link = (from: string, to: string): void => {
    const known = targets.get(from) ?? [];
    if (!known.includes(to)) targets.set(from, [...known, to]);
  };
  for (const [index, name] of names.entries()) {
    // Something leads to each of them.
    const from = integer(random, index + 1);
    link(from === 0 ? "in" : names[from - 1]!, name);
    const branches = nodes.get(name)!.some(({ data }) => "branch" in data);
    const later = [...names.slice(index + 1), "out", "extra"];
    const to = () => later[integer(random, later.length)]!;
    link(name, to());
    if (random() < 0.4) link(name, to());
    if (branches && random() < 0.8) link(`${name}/side`, to());
  }
  const emit = (from: string, value: Value): [string, Value][] =>
    (targets.get(from) ?? []).flatMap((to) => nodes.has(to) ? enter(to, value) : [[to, value] as [string, Value]]);
  const enter = (name: string, value: Value): [string, Value][] => {
    const through = (index: number, at: Value): [string, Value][] => {
      const step = nodes.get(name)![index];
      if (step === undefined) return emit(name, at);
      return step.apply(at).flatMap(([port, next]) =>
        port === "out" ? through(index + 1, next) : emit(`${name}/${port}`, next)
      );
    };
    return through(0, value);
  };
  const definition = {
    nodes: Object.fromEntries([...nodes].map(([name, steps]) => [name, steps.map(({ data }) => data)])),
    links: [...targets].map(([from, to]) => ({ from, to })),
  } as unknown as PipelineGraph;
  return { definition, walk: (value) => emit("in", value) };
}

Deno.test("random graphs give what a walk through them gives, and each event one verdict", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed);
    const { definition, walk } = graphOf(random);
    const events = Array.from({ length: 30 }, (_, id): Value => ({
      id,
      n: integer(random, 12),
      list: Array.from({ length: integer(random, 4) }, () => integer(random, 12)),
    }));
    const wanted: Record<string, Value[]> = { out: [], extra: [] };
    const failed = new Set<number>();
    for (const event of events) {
      try {
        for (const [port, value] of walk(event)) wanted[port]!.push(value);
      } catch (error) {
        if (error !== FAILS) throw error;
        failed.add(event.id);
      }
    }
    const context = `seed ${seed}: ${JSON.stringify(definition)}`;
    const { ports, verdicts } = await runPipeline(definition, events, {
      linked: ["extra"],
      perDelivery: 1 + integer(random, 30),
    });
    // Which of two branches is first is nobody's promise; the events of one come in order, and ids tell them.
    const text = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();
    const ids = (values: readonly unknown[]) => values.map((value) => (value as Value).id);
    for (const port of ["out", "extra"]) {
      assertEquals(text(ports[port]!), text(wanted[port]!), context);
      assertEquals(ids(ports[port]!), ids(wanted[port]!), context);
    }
    assertEquals(
      events.map(({ id }) => verdicts.get(id)),
      events.map(({ id }) => failed.has(id) ? "failed" : "delivered"),
      context,
    );
  }
});

Deno.test("a graph without a step sends events where its links lead, and only there", async () => {
  const given = [{ id: 1 }, { id: 2 }];
  const run = async (definition: PipelineGraph) => {
    const { ports } = await runPipeline(definition, given, { linked: ["extra"] });
    return [ports["out"], ports["extra"]];
  };
  assertEquals(await run({ nodes: {}, links: [{ from: "in", to: ["out", "extra"] }] }), [given, given]);
  assertEquals(await run({ nodes: {}, links: [{ from: "in", to: "extra" }] }), [[], given]);
  assertEquals(
    await run({ nodes: { a: [] }, links: [{ from: "in", to: ["a", "out"] }, { from: "a", to: "out" }] }),
    [[{ id: 1 }, { id: 1 }, { id: 2 }, { id: 2 }], []],
  );
});
