import { assert, assertEquals } from "@std/assert";
import { generateEvents } from "../../bench/generate_events.ts";
import { classOf, LoggingWorkload } from "../../bench/logging.ts";

/** As counted in Tremor's own file. */
const CLASSES: Readonly<Record<string, number>> = {
  "applog_app1": 13,
  "applog_app2": 20,
  "applog_app3": 16,
  "applog_app4": 21,
  "applog_app5": 14,
  "applog_app6": 2,
  "syslog_app1": 3,
  "syslog_app2": 8,
  "syslog_app5": 1,
  "default": 2,
};

function classes(text: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of text.trim().split("\n")) {
    const name = classOf(JSON.parse(line));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

Deno.test("generated events are as many, as large and of the same classes as Tremor's", () => {
  const text = generateEvents();
  const lines = text.trim().split("\n");
  assertEquals(lines.length, 100);
  assertEquals(Object.keys(JSON.parse(lines[0]!)).length, 13);
  const mean = text.length / 100;
  assert(mean > 600 && mean < 660, `${mean} bytes an event`);
  assertEquals(classes(text), CLASSES);
});

Deno.test("the same seed makes the same events, another one others", () => {
  assertEquals(generateEvents(7), generateEvents(7));
  assert(generateEvents(7) !== generateEvents(8));
});

Deno.test("the logging workload lets every event go on and counts those above the rate", () => {
  const workload = new LoggingWorkload();
  const event = { "index_type": "syslog_app5" };
  for (let n = 0; n < 200; n++) assertEquals(workload.step(event, 1000), true);
  assertEquals([workload.within, workload.above], [125, 75]);
});

Deno.test("a bucket has room again when its second has passed", () => {
  const workload = new LoggingWorkload();
  const event = { "index_type": "syslog_app5" };
  for (let n = 0; n < 125; n++) workload.step(event, 1000);
  workload.step(event, 1980);
  assertEquals(workload.within, 125);
  workload.step(event, 2010);
  assertEquals(workload.within, 126);
});

Deno.test("each dimension has a bucket of its own", () => {
  const workload = new LoggingWorkload();
  for (const host of ["a", "b"]) {
    for (let n = 0; n < 125; n++) workload.step({ tags: ["tag1"], "syslog_hostname": host }, 1000);
  }
  assertEquals([workload.within, workload.above], [250, 0]);
});
