import { assert, assertEquals } from "@std/assert";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { Held } from "../../runtime/pipeline/held.ts";
import { Origins } from "../../runtime/pipeline/origins.ts";

/** Numbers that are the same each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("events come back as they were added, whatever their order and distance", () => {
  for (let seed = 0; seed < 200; seed++) {
    const below = random(seed);
    const settlements = [0, 1, 2].map(() => new Settlement());
    const origins = new Origins();
    const added: [Settlement, number][] = [];
    for (let count = below(300); count > 0; count--) {
      const settlement = settlements[below(10) < 8 ? 0 : below(3)]!;
      const last = added.at(-1)?.[1] ?? 0;
      const origin = below(10) < 7 ? last + 1 + below(2 ** below(17)) : below(1 << 20);
      origins.add(settlement, origin);
      added.push([settlement, origin]);
    }
    const found: [Settlement, number][] = [];
    origins.forEach((settlement, origin) => found.push([settlement, origin]));
    assertEquals(found.map(([, origin]) => origin), added.map(([, origin]) => origin));
    assert(found.every(([settlement], index) => settlement === added[index]![0]));
    assertEquals(origins.isEmpty, added.length === 0);
  }
});

Deno.test("a settlement is told once all that hold its events have let go, however often it was added", () => {
  let settled = 0;
  const settlement = new Settlement(() => settled++);
  const origins = new Origins();
  for (const origin of [5, 6, 3, 3, 900]) origins.add(settlement, origin);
  settlement.release();
  assertEquals(settled, 0);
  origins.letGo();
  assertEquals(settled, 1);
});

Deno.test("an event of a long window takes some two bytes, among a hundred groups as well", () => {
  for (const groups of [1, 100]) {
    const held = Array.from({ length: groups }, () => new Origins());
    for (let batch = 0; batch < 100; batch++) {
      const settlement = new Settlement();
      for (let origin = 0; origin < 1024; origin++) held[origin % groups]!.add(settlement, origin);
    }
    const bytes = held.reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert(bytes < 100 * 1024 * 1.2, `${bytes} bytes in ${groups} groups`);
  }
});

Deno.test("events whose numbers are found out later get their verdicts also when there are too many batches for that", () => {
  const held = new Held();
  const failures: number[][] = [];
  let asked = 0;
  for (let batch = 0; batch < 1000; batch++) {
    const settlement = new Settlement((failed) => failures.push([...failed.keys()]));
    held.addMany(settlement, () => {
      asked++;
      return [batch % 7, 100 + batch];
    });
    settlement.release();
  }
  assert(asked >= 700 && asked < 1000, `asked ${asked} times`);
  const more = new Held();
  more.addAll(held);
  held.settle(false);
  assertEquals(failures, []);
  more.settle(true, "refused");
  assertEquals(failures.length, 1000);
  assertEquals(
    failures.map((numbers) => JSON.stringify(numbers)).sort(),
    Array.from({ length: 1000 }, (_, batch) => JSON.stringify([batch % 7, 100 + batch])).sort(),
  );
});
