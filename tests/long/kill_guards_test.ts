import { killGuards } from "../isolation/kill_guards.ts";

Deno.test({
  name: "100 guards killed during 1,000,000 events: nothing is lost, only what was under way arrives twice",
  ignore: Deno.build.os !== "linux",
  fn: () => killGuards(1_000_000, 100),
});
