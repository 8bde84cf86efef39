/** Runs one random flow with its faults, pauses, lost connections and its end, and says what was wrong. @module */
import type { ComponentInstance } from "../../../runtime/connector/contract.ts";
import { CaissonError } from "../../../runtime/errors/caisson_error.ts";
import { Flow } from "../../../runtime/flow/flow.ts";
import { parseFlow } from "../../../runtime/flow/flow_schema.ts";
import { integer, seeded } from "../../data/random.ts";
import { Ledger } from "./ledger.ts";
import { randomFlow } from "./random_flow.ts";
import { randomProcessor, randomSink, randomSource } from "./random_parts.ts";

/** What one run came to. */
export interface Outcome {
  readonly problems: readonly string[];
  readonly read: number;
  readonly acked: number;
  readonly failed: number;
}

/** Far longer than any of these flows takes: one that never ends is a failure with a seed, not a test that hangs. */
const PATIENCE_MS = 60_000;

/** The flow, or the node, may have ended meanwhile. */
async function ifPossible(change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof CaissonError) || error.code !== "CAISSON_FLOW_STATE") throw error;
  }
}

async function endOf(flow: Flow): Promise<void> {
  const late = setTimeout(() => flow.stop({ deadlineMs: 0 }), PATIENCE_MS);
  await flow.done;
  clearTimeout(late);
}

/** Several at a time: they mostly wait. Returns how many events were settled, and the first problem, if any. */
export async function runAll(first: number, last: number): Promise<{ settled: number; problem: string }> {
  let settled = 0;
  let problem = "";
  let next = first;
  const work = async (): Promise<void> => {
    while (next <= last && problem === "") {
      const seed = next++;
      const { problems, acked, failed } = await runVerdicts(seed);
      settled += acked + failed;
      if (problems.length > 0) problem ||= `seed ${seed}: ${problems.slice(0, 5).join("; ")}`;
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return { settled, problem };
}

/** One flow, as its seed has it. */
export async function runVerdicts(seed: number): Promise<Outcome> {
  const random = seeded(seed);
  const ledger = new Ledger();
  const shared = { random, ledger };
  const { definition, sources, sinks, processors, chunked } = randomFlow(random, ledger);
  const end = (["natural", "natural", "drain", "forced"] as const)[integer(random, 4)]!;
  // A processor that writes anew leaves open which event it was: then all that it can have been fail.
  ledger.isLoose = end === "forced" || processors.length > 0;
  const hanging = end === "forced" ? sinks[integer(random, sinks.length)] : undefined;
  const hasErr = (name: string): boolean => definition.links.some(({ from }) => from === `${name}/err`);
  const parts = new Map<string, ComponentInstance["part"]>([
    ...sources.map((name) => [name, randomSource(shared, name, 10 + integer(random, 40), chunked.has(name))] as const),
    ...processors.map((name) => [name, randomProcessor(shared, hasErr(name))] as const),
    ...sinks.map((name) => [name, randomSink(shared, name === hanging)] as const),
  ]);
  const losing: ((reason: unknown) => void)[] = [];
  const flow = new Flow({
    definition: parseFlow(definition, "random"),
    launch: ({ type, connectionLost }) => {
      losing.push(connectionLost!);
      return Promise.resolve({
        instance: { isolation: "builtin", level: "none", part: parts.get(type)! },
        plugin: "builtin",
      });
    },
    onError: () => {},
  });
  await flow.start();
  const nodes = [undefined, ...Object.keys(definition.connectors), ...Object.keys(definition.pipelines!)];
  for (let trouble = integer(random, 4); trouble > 0; trouble--) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (flow.state !== "running") break;
    losing[integer(random, losing.length)]!("gone");
    const node = nodes[integer(random, nodes.length)];
    await ifPossible(() => flow.pause(node));
    await ifPossible(() => flow.resume(node));
  }
  if (end === "drain") await flow.stop({ deadlineMs: PATIENCE_MS });
  else if (end === "forced") await flow.stop({ deadlineMs: 3 });
  else await endOf(flow);
  // A read that was under way when patience ran out ends later, and what it brought has its verdict then.
  for (const until = performance.now() + PATIENCE_MS; ledger.isOpen && performance.now() < until;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { read, acked, failed } = ledger;
  return { problems: ledger.problems(), read, acked, failed };
}
