// deno-lint-ignore-file no-console -- the terminal is where it reports
// A week of life in ten minutes, or in less than one:
//
//   deno task soak [--quick] [--seed NUMBER] [--seconds NUMBER]
import { parseArgs } from "node:util";
import { runSoak } from "./soak/run_soak.ts";

/** Growth that is no leak, MiB: of what is alive after a collection, and of what the allocator keeps. */
const GROWTH_MIB = { live: 8, resident: 40 };

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: { quick: { type: "boolean", default: false }, seed: { type: "string" }, seconds: { type: "string" } },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const report = await runSoak({
    events: values.quick ? 100_000 : 1_000_000,
    seconds: Number(values.seconds ?? (values.quick ? 40 : 570)),
    seed,
    say: (line) => console.log(line),
  });
  const { sent, settled, lost, twice, verdictsTwice, disturbances, longestPauseMs, memory: { early, late } } = report;
  console.log(Object.entries(disturbances).map(([name, times]) => `${name} ${times}`).join(", "));
  console.log(`longest pause of a replacement ${longestPauseMs.toFixed(1)} ms; ${twice} events arrived twice`);
  for (const [name, { live, resident }] of [["second", early], ["last", late]] as const) {
    console.log(`memory in the ${name} quarter: ${live.toFixed(1)} MiB alive, ${resident.toFixed(0)} MiB resident`);
  }
  console.log(`${sent} in, ${settled} settled, ${lost} lost`);
  const good = lost === 0 && settled === sent && verdictsTwice === 0 && late.live - early.live < GROWTH_MIB.live &&
    late.resident - early.resident < GROWTH_MIB.resident;
  Deno.exit(good ? 0 : 1);
}
