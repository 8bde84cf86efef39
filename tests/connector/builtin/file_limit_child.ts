// Run under a limit of the file size; prints what became of three writes.
import { FileSink } from "../../../runtime/connector/builtin/file_sink.ts";

const sink = new FileSink({
  alias: "test/part",
  instance: 1,
  config: { path: Deno.args[0], mode: "write", sync: "never" },
  signal: new AbortController().signal,
  log: () => {},
});
await sink.connect();
const results: string[] = [];
for (const [letter, length] of [["a", 1000], ["b", 40_000], ["c", 1000]] as const) {
  try {
    const line = new TextEncoder().encode(`${letter.repeat(length)}\n`);
    await sink.write([line.subarray(0, 500), line.subarray(500)]);
    results.push("ok");
  } catch (error) {
    results.push((error as { code: string }).code);
  }
}
await sink.close();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
