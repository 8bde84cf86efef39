// deno-lint-ignore-file no-console -- the terminal is where it reports
// A week of life in ten minutes, or in less than one:
//
//   deno task soak [--quick] [--seed NUMBER] [--seconds NUMBER]
import { parseArgs } from "node:util";
import { runSoak } from "./soak/run_soak.ts";

/** Growth of the host's memory that is no leak, MiB. */
const GROWTH_MIB = 100;

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
  const { sent, settled, lost, twice, verdictsTwice, disturbances, longestPauseMs, memoryMiB: [early, late] } = report;
  console.log(Object.entries(disturbances).map(([name, times]) => `${name} ${times}`).join(", "));
  console.log(`longest pause of a replacement ${longestPauseMs.toFixed(1)} ms; ${twice} events arrived twice`);
  console.log(`memory ${early} MiB after a quarter, ${late} MiB at the end`);
  console.log(`${sent} in, ${settled} settled, ${lost} lost`);
  const good = lost === 0 && settled === sent && verdictsTwice === 0 && late - early < GROWTH_MIB;
  Deno.exit(good ? 0 : 1);
}
