import { assertEquals, assertThrows } from "@std/assert";
import { CaissonError } from "../../mod.ts";
import { LifeCycle, type LifeEvent, type LifeState } from "../../runtime/flow/life_cycle.ts";

/** How each state is reached. */
const paths: Readonly<Record<LifeState, readonly LifeEvent[]>> = {
  initializing: [],
  running: ["start"],
  paused: ["start", "pause"],
  draining: ["start", "drain"],
  stopped: ["start", "stop"],
  failed: ["start", "fail"],
};

/** Written out by hand: the table of the code is what is tested. */
const table: Readonly<Record<LifeState, Readonly<Record<LifeEvent, LifeState | "refused">>>> = {
  initializing: {
    start: "running",
    pause: "refused",
    resume: "refused",
    drain: "refused",
    stop: "stopped",
    fail: "failed",
  },
  running: {
    start: "refused",
    pause: "paused",
    resume: "running",
    drain: "draining",
    stop: "stopped",
    fail: "failed",
  },
  paused: { start: "refused", pause: "paused", resume: "running", drain: "draining", stop: "stopped", fail: "failed" },
  draining: {
    start: "refused",
    pause: "refused",
    resume: "refused",
    drain: "draining",
    stop: "stopped",
    fail: "failed",
  },
  stopped: {
    start: "refused",
    pause: "refused",
    resume: "refused",
    drain: "refused",
    stop: "stopped",
    fail: "failed",
  },
  failed: { start: "refused", pause: "refused", resume: "refused", drain: "refused", stop: "failed", fail: "failed" },
};

for (const [state, row] of Object.entries(table) as [LifeState, (typeof table)[LifeState]][]) {
  for (const [event, expected] of Object.entries(row) as [LifeEvent, LifeState | "refused"][]) {
    Deno.test(`what is ${state}, on ${event}: ${expected}`, () => {
      const life = new LifeCycle("main/in");
      for (const step of paths[state]) life.on(step);
      assertEquals(life.state, state);
      assertEquals(life.takes(event), expected !== "refused");
      if (expected !== "refused") return assertEquals([life.on(event), life.state], [expected, expected]);
      const error = assertThrows(() => life.on(event), CaissonError);
      assertEquals([error.code, error.subject, life.state], ["CAISSON_FLOW_STATE", "main/in", state]);
    });
  }
}
