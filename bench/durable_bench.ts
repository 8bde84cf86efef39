/**
 * A million events of 222 bytes over one link, in memory and through its durable buffer, three interleaved rounds:
 *
 * ```sh
 * deno task offline deno run --no-lock --allow-read --allow-write --allow-env --allow-sys bench/durable_bench.ts
 * ```
 *
 * On a busy machine the column of processor time is the one to compare; the disk decides the other.
 * @module
 */
// deno-lint-ignore-file no-console -- the terminal is where it reports
import { cpuUsage } from "node:process";
import { type FlowDefinition, Runtime } from "../mod.ts";

const EVENTS = 1_000_000;
const ROUNDS = 3;
const payload = new TextEncoder().encode(`{"a":"${"x".repeat(214)}"}`);

type Link = "memory" | "normal" | "full";

/** Millions of events a second, and a second of processor time. */
async function run(link: Link, folder: string): Promise<readonly [wall: number, processor: number]> {
  let sent = 0;
  let seen = 0;
  await using runtime = new Runtime();
  runtime.provide({
    type: "in",
    kind: "source",
    create: () => ({
      produces: "events",
      codec: "json",
      poll(batch) {
        while (sent < EVENTS && batch.appendBytes(payload, 1)) sent++;
        return { state: sent === EVENTS ? "ended" : "filled" };
      },
      close() {},
    }),
  });
  runtime.provide({
    type: "out",
    kind: "sink",
    create: () => ({
      accepts: "batches",
      maxEvents: 1024,
      write: (batch) => void (seen += batch.count),
      close() {},
    }),
  });
  const buffer = link === "memory" ? {} : { buffer: { path: `${folder}/${link}.db`, sync: link } };
  const definition: FlowDefinition = {
    name: "bench",
    connectors: { in: { type: "in" }, out: { type: "out", codec: "json" } },
    links: [{ from: "in", to: "out", ...buffer }],
  };
  const [startedAt, before] = [performance.now(), cpuUsage()];
  const flow = await runtime.deploy(definition);
  await flow.done;
  const { user, system } = cpuUsage(before);
  if (seen !== EVENTS) console.log(`${link}: ${seen} of ${EVENTS} events arrived`);
  return [EVENTS / 1000 / (performance.now() - startedAt), EVENTS / (user + system)];
}

const figures: Record<Link, (readonly [number, number])[]> = { memory: [], normal: [], full: [] };
const links = Object.keys(figures) as Link[];
for (let round = 0; round < ROUNDS; round++) {
  for (const link of links) {
    const folder = await Deno.makeTempDir();
    figures[link].push(await run(link, folder));
    await Deno.remove(folder, { recursive: true });
  }
}
const median = (numbers: readonly number[]): string =>
  numbers.toSorted((left, right) => left - right)[ROUNDS >> 1]!.toFixed(2);
console.log("link, million events/s, million events a second of processor time");
for (const link of links) {
  console.log(
    `${link}\t${median(figures[link].map(([wall]) => wall))}\t${median(figures[link].map(([, cpu]) => cpu))}`,
  );
}
