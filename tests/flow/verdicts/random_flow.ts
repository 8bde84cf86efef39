/** Random flows: sources, pipelines, processors, sinks, and links of every kind between them. @module */
import type {
  ConnectorDefinition,
  FlowDefinition,
  LinkDefinition,
  OperatorDefinition,
  ProcessorDefinition,
} from "../../../runtime/flow/flow_definition.ts";
import { integer } from "../../data/random.ts";
import { idsOf, type Ledger } from "./ledger.ts";

/** A flow and what its parts are. */
export interface RandomFlow {
  readonly definition: FlowDefinition;
  readonly sources: readonly string[];
  readonly sinks: readonly string[];
  readonly processors: readonly string[];
  /** Sources that read lines in chunks. */
  readonly chunked: ReadonlySet<string>;
}

/** Makes one. */
export function randomFlow(random: () => number, ledger: Ledger): RandomFlow {
  const chance = (percent: number): boolean => random() * 100 < percent;
  const pick = <T>(from: readonly T[]): T => from[integer(random, from.length)]!;
  const names = (letter: string, least: number, most: number): string[] =>
    Array.from({ length: least + integer(random, most - least + 1) }, (_, index) => `${letter}${index}`);

  const sources = names("s", 1, 2);
  const sinks = names("k", 1, 3);
  const inner = names("n", 0, 4);
  const processors = inner.filter(() => chance(25));
  const pipelines = Object.fromEntries(
    inner.filter((name) => !processors.includes(name)).map((name) => [name, names("o", 0, 3).map(() => step(name))]),
  );
  const chunked = new Set(sources.filter(() => chance(40)));

  const links: { from: string; to: string }[] = [];
  const linked = (from: string): boolean => links.some((link) => link.from === from);
  const link = (from: string, to: string): void => {
    if (!links.some((each) => each.from === from && each.to === to)) links.push({ from, to });
  };
  const portsOf = (name: string): string[] => {
    const steps = pipelines[name] ?? [];
    const sides = steps.flatMap((each) => "roundRobin" in each ? each.roundRobin.ports : []);
    return [name, `${name}/err`, ...sides.map((port) => `${name}/${port}`)];
  };
  for (const [index, name] of inner.entries()) {
    const before = [...sources, ...inner.slice(0, index).flatMap(portsOf)];
    for (let input = 1 + integer(random, 2); input > 0; input--) link(pick(before), name);
  }
  const all = [...sources, ...inner.flatMap(portsOf)];
  for (const name of sinks) for (let input = 1 + integer(random, 3); input > 0; input--) link(pick(all), name);
  for (const name of sources) if (!linked(name)) link(name, pick([...inner, ...sinks]));
  // Now and then nothing takes what comes out: that, too, has to be settled.
  for (const name of inner) if (!linked(name) && chance(80)) link(name, pick(sinks));

  function step(pipeline: string): OperatorDefinition {
    const fails = (value: unknown): void => {
      if (random() >= 0.04) return;
      if (!linked(`${pipeline}/err`)) ledger.fault(idsOf(value));
      throw new Error("an operator's own");
    };
    const steps: readonly (() => OperatorDefinition)[] = [
      () => ({ filter: () => chance(80) }),
      () => ({ filter: ["!=", ["field", "n"], 3] }),
      () => ({
        project: ({ value }) => {
          fails(value);
          return { ...(value as object), seen: true };
        },
      }),
      () => ({
        flatMap: function* (value) {
          yield value;
          fails(value);
          if (chance(30)) yield { ...(value as object), again: true };
        },
      }),
      () => ({ batch: { count: 2 + integer(random, 3), ...(chance(30) ? { timeoutMs: 1 } : {}) } }),
      () => ({
        select: {
          window: { tumbling: chance(70) ? { size: 2 + integer(random, 4) } : { intervalMs: 1 + integer(random, 3) } },
          ...(chance(50) ? { groupBy: ["field", "g"] } : {}),
          target: { ids: ["collect", ["field", []]], g: 1, n: ["count"] },
          ...(chance(20) ? { atEnd: "drop" } : {}),
        },
      }),
      () => ({ roundRobin: { ports: ["left", "right"] } }),
      () => ({ dedupe: { key: ["field", "n"] } }),
    ];
    return pick(steps)();
  }

  const connector = (name: string): ConnectorDefinition => ({
    type: name,
    codec: "json",
    ...(chunked.has(name) ? { preprocessors: ["separate"] } : {}),
    ...(name.startsWith("k") && chance(30) ? { breaker: { failures: 2, resetMs: 1 } } : {}),
    reconnect: { intervalMs: 1, growth: 1 },
  });
  const definition: FlowDefinition = {
    name: "random",
    connectors: Object.fromEntries([...sources, ...sinks].map((name) => [name, connector(name)])),
    processors: Object.fromEntries(processors.map((name): [string, ProcessorDefinition] => [name, { type: name }])),
    pipelines,
    links: links satisfies LinkDefinition[],
  };
  return { definition, sources, sinks, processors, chunked };
}
