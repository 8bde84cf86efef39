/** Random events through random windows, beside the plainest way to say what has to come out, and what becomes of each event. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { OperatorDefinition, PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { seeded } from "../data/random.ts";
import { Bench, runPipeline } from "./run_pipeline.ts";

interface Given {
  readonly id: number;
  readonly k: string;
  readonly t: number;
  readonly v: number;
}

/** A result: the group, and the events it was made of, in order. */
interface Expected {
  readonly k: string;
  readonly events: readonly Given[];
  /** The events whose verdict is that of the result. @default {all of them} */
  readonly decides?: readonly Given[];
}

type Random = () => number;

const whole = (random: Random, least: number, most: number) => least + Math.floor(random() * (most - least + 1));

/** Events that come up to `disorder` milliseconds late. */
function eventsOf(random: Random, disorder: number): Given[] {
  const count = whole(random, 1, 60);
  let now = 0;
  return Array.from({ length: count }, (_, id) => {
    now += random() < 0.1 ? whole(random, 20, 60) : whole(random, 0, 4);
    return {
      id,
      k: "abc"[whole(random, 0, 2)]!,
      t: Math.max(0, now - whole(random, 0, disorder)),
      v: Math.round((random() - 0.5) * 1e6) / 100,
    };
  });
}

const target = {
  k: ["group", 0],
  ids: ["collect", ["field", "id"]],
  n: ["count"],
  sum: ["sum", ["field", "v"]],
  mean: ["mean", ["field", "v"]],
  min: ["min", ["field", "v"]],
  max: ["max", ["field", "v"]],
  stdev: ["stdev", ["field", "v"]],
  first: ["first", ["field", "id"]],
  last: ["last", ["field", "id"]],
} as const;

/** By its definition, without a thought for speed. */
function assertResult(found: Record<string, unknown>, { k, events }: Expected): void {
  const values = events.map(({ v }) => v);
  const n = values.length;
  const sum = values.reduce((left, right) => left + right, 0);
  const mean = sum / n;
  const ids = found["ids"] as number[];
  assertEquals([found["k"], found["n"], found["first"], found["last"]], [k, n, ids[0], ids.at(-1)]);
  assertEquals([found["min"], found["max"]], [Math.min(...values), Math.max(...values)]);
  assertAlmostEquals(found["sum"] as number, sum, 1e-6);
  assertAlmostEquals(found["mean"] as number, mean, 1e-6);
  if (n < 2) return assertEquals("stdev" in found, false);
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (n - 1);
  assertAlmostEquals(found["stdev"] as number, Math.sqrt(variance), 1e-6);
}

const byKey = (events: readonly Given[]): [string, Given[]][] => [...Map.groupBy(events, ({ k }) => k)];

/** Windows of so many, the rest at the end. */
function bySize(events: readonly Given[], size: number): Given[][] {
  return Array.from({ length: Math.ceil(events.length / size) }, (_, at) => events.slice(at * size, at * size + size));
}

/** The windows, and what comes out of them. */
type Kind = (random: Random) => {
  readonly disorder: number;
  readonly window: unknown;
  readonly expected: (events: readonly Given[]) => Expected[];
};

const kinds: Readonly<Record<string, Kind>> = {
  "tumbling by size": (random) => {
    const size = whole(random, 1, 9);
    return {
      disorder: 0,
      window: { tumbling: { size } },
      expected: (events) => byKey(events).flatMap(([k, own]) => bySize(own, size).map((each) => ({ k, events: each }))),
    };
  },
  "tilt frames by size": (random) => {
    const sizes = [whole(random, 1, 4), whole(random, 1, 4), whole(random, 1, 3)];
    const frames = (own: readonly Given[]): Given[][] => {
      let finer = bySize(own, sizes[0]!);
      const all = [...finer];
      for (const size of sizes.slice(1)) {
        finer = Array.from(
          { length: Math.ceil(finer.length / size) },
          (_, at) => finer.slice(at * size, at * size + size).flat(),
        );
        all.push(...finer);
      }
      return all;
    };
    return {
      disorder: 0,
      window: sizes.map((size) => ({ tumbling: { size } })),
      expected: (events) => byKey(events).flatMap(([k, own]) => frames(own).map((each) => ({ k, events: each }))),
    };
  },
  "sliding by size": (random) => {
    const every = whole(random, 1, 3);
    const size = every * whole(random, 1, 4);
    const slides = (own: readonly Given[]): Given[][] => {
      const results: Given[][] = [];
      let at = every;
      for (; at <= own.length; at += every) if (at >= size) results.push(own.slice(at - size, at));
      const isSent = own.length >= size && own.length % every === 0;
      // What was part of no result yet, with as much before it as a window has.
      if (!isSent) results.push(own.slice(Math.max(0, Math.ceil(own.length / every) * every - size)));
      return results;
    };
    return {
      disorder: 0,
      window: { sliding: { size, every } },
      expected: (events) => byKey(events).flatMap(([k, own]) => slides(own).map((each) => ({ k, events: each }))),
    };
  },
  "a session in event time": (random) => {
    const gapMs = whole(random, 1, 12) + 0.5;
    const delayMs = 30;
    return {
      disorder: delayMs,
      window: { session: { gapMs, time: ["field", "t"], delayMs } },
      expected: (events) =>
        byKey(events).flatMap(([k, own]) => {
          const times = own.map(({ t }) => t).sort((left, right) => left - right);
          const starts = times.filter((t, index) => index === 0 || t - times[index - 1]! > gapMs);
          return starts.map((start, index) => ({
            k,
            events: own.filter(({ t }) => t >= start && t < (starts[index + 1] ?? Infinity)),
          }));
        }),
    };
  },
  "aligned, with late events": (random) => timed(random, 1),
  "sliding, with late events": (random) => timed(random, whole(random, 2, 4)),
  "tilt frames of event time, with late events": tilted,
};

/** Each coarser frame has once, and last, what the finer ones gathered. */
function tilted(random: Random): ReturnType<Kind> {
  const { disorder, window, expected } = timed(random, 1);
  const { tumbling } = window as { readonly tumbling: { readonly intervalMs: number } };
  const coarse = tumbling.intervalMs * whole(random, 1, 4);
  const intervals = [coarse, coarse * whole(random, 1, 3)];
  return {
    disorder,
    window: [window, ...intervals.map((intervalMs) => ({ tumbling: { intervalMs } }))],
    expected: (events) => {
      const fine = expected(events);
      const accepted = new Set(fine.flatMap((result) => result.events));
      const inTime = events.filter((event) => accepted.has(event));
      const startOf = (t: number, intervalMs: number) => Math.floor(t / intervalMs) * intervalMs;
      // Finer windows are merged in the order of time, each with its events as they came.
      const ordered = inTime.toSorted((left, right) =>
        startOf(left.t, tumbling.intervalMs) - startOf(right.t, tumbling.intervalMs) || left.id - right.id
      );
      const coarser = intervals.flatMap((intervalMs) =>
        [...Map.groupBy(ordered, ({ k, t }) => `${k} ${startOf(t, intervalMs)}`).values()]
          .map((own): Expected => ({ k: own[0]!.k, events: own }))
      );
      return [...fine, ...coarser];
    },
  };
}

/** Windows of `overlaps` steps each; results anew for what is late, but not too late. */
function timed(random: Random, overlaps: number): ReturnType<Kind> {
  const everyMs = whole(random, 1, 12);
  const intervalMs = everyMs * overlaps;
  const delayMs = whole(random, 0, 15);
  const latenessMs = whole(random, 0, 1) * whole(random, 1, 20);
  const time = { time: ["field", "t"], delayMs, latenessMs };
  return {
    disorder: 40,
    window: overlaps === 1 ? { tumbling: { intervalMs, ...time } } : { sliding: { intervalMs, everyMs, ...time } },
    expected: (events) => {
      const results: Expected[] = [];
      const open = new Map<string, { k: string; end: number; events: Given[]; sent: boolean }>();
      let watermark = -Infinity;
      for (const event of events) {
        const last = Math.floor(event.t / everyMs) * everyMs;
        for (let start = last; start > event.t - intervalMs; start -= everyMs) {
          const end = start + intervalMs;
          if (end + latenessMs <= watermark) continue;
          const key = `${event.k} ${start}`;
          const window = open.get(key) ?? { k: event.k, end, events: [], sent: end <= watermark };
          open.set(key, window);
          window.events.push(event);
          // Said anew: those before had their verdict with the first result.
          if (end <= watermark) results.push({ k: event.k, events: [...window.events], decides: [event] });
        }
        watermark = Math.max(watermark, event.t - delayMs);
        for (const window of open.values()) {
          if (window.sent || window.end > watermark) continue;
          window.sent = true;
          results.push({ k: window.k, events: [...window.events] });
        }
      }
      for (const { k, sent, events } of open.values()) if (!sent) results.push({ k, events });
      return results;
    },
  };
}

/** Results come group by group or by time; what matters is which there are. */
const inOrder = <Item>(items: readonly Item[], text: (item: Item) => string) =>
  items.toSorted((left, right) => text(left) < text(right) ? -1 : 1);

/** What comes out when the pipeline is stopped after so many events and another goes on from its state. */
async function restarted(steps: PipelineDefinition, events: readonly Given[], cut: number): Promise<unknown[]> {
  const timed = events.map((value) => ({ at: value.id, value }));
  const before = new Bench(steps);
  await before.feed(timed.slice(0, cut));
  const state = structuredClone(before.run.pipeline.snapshot());
  before.run.pipeline.close();
  const after = new Bench(steps);
  after.run.pipeline.restore(state);
  await after.feed(timed.slice(cut));
  await after.run.pipeline.drain();
  after.run.pipeline.close();
  return [...before.run.out, ...after.run.out];
}

for (const [name, kindOf] of Object.entries(kinds)) {
  Deno.test(`random events through random windows: ${name}`, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed);
      const { window, expected, disorder } = kindOf(random);
      const events = eventsOf(random, disorder);
      const wanted = expected(events);
      const perDelivery = whole(random, 1, 20);
      // A result of a number of events that three divides fails behind the window.
      const definition = [
        { select: { groupBy: ["field", "k"], window, target } },
        { match: { cases: [{ case: { $is: ["!=", ["%", ["field", "n"], 3], 0] } }] } },
      ] as unknown as PipelineDefinition;
      const { out, verdicts } = await runPipeline(definition, events, { perDelivery });
      const [failing, passing] = [0, 1].map((side) =>
        wanted.filter(({ events }) => events.length % 3 === 0 === (side === 0))
      ) as [Expected[], Expected[]];
      // Sessions that are joined put their events one behind the other; all others have them as they came.
      const idsOf = (ids: readonly number[]) =>
        name.startsWith("a session") ? ids.toSorted((left, right) => left - right) : ids;
      const found = inOrder(out as (Record<string, unknown> & { ids: number[] })[], ({ ids }) => String(idsOf(ids)));
      const right = inOrder(passing, ({ events }) => String(events.map(({ id }) => id)));
      const context = `seed ${seed}: ${JSON.stringify(window)}`;
      assertEquals(found.map(({ ids }) => idsOf(ids)), right.map(({ events }) => events.map(({ id }) => id)), context);
      for (const [index, each] of found.entries()) assertResult(each, right[index]!);
      const failed = new Set(failing.flatMap(({ events, decides = events }) => decides.map(({ id }) => id)));
      for (const { id } of events) {
        assertEquals(verdicts.get(id), failed.has(id) ? "failed" : "delivered", `${context}, event ${id}`);
      }
      assert(verdicts.size === events.length);
      const cut = whole(random, 0, events.length);
      assertEquals(
        await restarted([(definition as readonly OperatorDefinition[])[0]!], events, cut),
        await restarted([(definition as readonly OperatorDefinition[])[0]!], events, 0),
        context,
      );
    }
  });
}
