import { assertEquals } from "@std/assert";
import { json } from "../../runtime/codec/json.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { compileCount } from "../../runtime/pipeline/count.ts";
import { countMakerOf } from "../../runtime/pipeline/count_maker.ts";
import { Rows } from "../../runtime/pipeline/kernel_rows.ts";

/** Keys as numbers, some of them beyond what is counted by index, some only now and then. */
function keyOf(event: number): number {
  if (event % 11 === 0) return 4090 + event % 13;
  if (event % 17 === 0) return -(event % 3) - 0.5;
  return (event * 7) % 5;
}

/** Counts event by event, or many rows at a time. */
function counted(events: number, everyEvents: number | undefined, maxGroups: number, inRows: boolean): unknown[] {
  const operator = compileCount({
    by: { key: ["field", "key"] },
    maxGroups,
    ...(everyEvents === undefined ? {} : { everyEvents }),
  }, "test");
  const out: unknown[] = [];
  const emit = (event: Event): boolean => {
    out.push(event.value);
    return true;
  };
  const keys = Float64Array.from({ length: events }, (_, event) => keyOf(event));
  if (inRows) {
    const memory = { floats: keys, words: new Uint32Array(keys.buffer), known: [], loose: () => "" };
    const rows = new Rows(memory, 1, () => ({}));
    for (let at = 0; at < events; at += 700) operator.stepRows!(rows, at, Math.min(events, at + 700), emit);
  } else {
    for (const key of keys) operator.step(Event.made({ key }, json, 0), emit);
  }
  operator.flush!(emit);
  return out;
}

/** What it should come to. */
function expected(events: number, everyEvents = Infinity, maxGroups: number): unknown[] {
  const out: unknown[] = [];
  let groups = new Map<number | null, number>();
  const flush = () => {
    for (const [key, count] of groups) out.push({ key, count });
    groups = new Map();
  };
  for (let event = 0; event < events; event++) {
    const key = keyOf(event);
    const isKnown = groups.has(key) || [...groups.keys()].filter((known) => known !== null).length < maxGroups;
    const group = isKnown ? key : null;
    groups.set(group, (groups.get(group) ?? 0) + 1);
    if ((event + 1) % everyEvents === 0) flush();
  }
  flush();
  return out;
}

for (
  const [events, everyEvents, maxGroups] of [[5000, 1, 3], [5000, 999, 100], [5000, 1000, 4], [
    150_000,
    undefined,
    30,
  ]] as const
) {
  const every = everyEvents === undefined ? "all events" : `every ${everyEvents} events`;
  Deno.test(`a count of ${events} events, ${every}, at most ${maxGroups} groups, is that of a map`, () => {
    const wanted = expected(events, everyEvents, maxGroups);
    assertEquals(counted(events, everyEvents, maxGroups, false), wanted);
    assertEquals(counted(events, everyEvents, maxGroups, true), wanted);
  });
}

Deno.test("a count's record has every key by its own name, however many there are", () => {
  const few = countMakerOf(["b", "__proto__", 'q"'], "count")({ keys: [1, "x", undefined], count: 3 });
  assertEquals(JSON.stringify(few), '{"b":1,"__proto__":"x","q\\"":null,"count":3}');
  const names = Array.from({ length: 200 }, (_, index) => `k${index}`);
  const many = countMakerOf(names, "count")({ keys: names.map((_, index) => index), count: 7 });
  assertEquals([Object.keys(many).join(), many["k199"], many["count"]], [[...names, "count"].join(), 199, 7]);
});
