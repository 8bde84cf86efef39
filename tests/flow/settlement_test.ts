import { assertEquals } from "@std/assert";
import { Settlement } from "../../runtime/flow/settlement.ts";

Deno.test("tells the source once, when the last holder lets go", () => {
  let settled = 0;
  const settlement = new Settlement(() => settled++);
  settlement.retain(2);
  settlement.release();
  settlement.release();
  assertEquals(settled, 0);
  settlement.release();
  assertEquals(settled, 1);
});

Deno.test("keeps the first reason an event failed for", () => {
  let failures: ReadonlyMap<number, unknown> = new Map();
  const settlement = new Settlement((found) => failures = found);
  settlement.fail(3, "first");
  settlement.fail(3, "second");
  settlement.fail(7, "other");
  settlement.release();
  assertEquals([...failures], [[3, "first"], [7, "other"]]);
});
