// Run without some permission; prints the errors of a file source or sink and of a sqlite sink.
import { FileSink } from "../../../runtime/connector/builtin/file_sink.ts";
import { FileSource } from "../../../runtime/connector/builtin/file_source.ts";
import { SqliteSink } from "../../../runtime/connector/builtin/sqlite_sink.ts";

const [path] = Deno.args;
const context = {
  alias: "test/part",
  instance: 1,
  config: { path, mode: "append", sync: "never", chunk_bytes: 1, table: "t", columns: ["a"] },
  signal: new AbortController().signal,
  log: () => {},
};
const mayRead = (await Deno.permissions.query({ name: "read" })).state === "granted";
const results: unknown[] = [];
for (const part of [mayRead ? new FileSink(context) : new FileSource(context), new SqliteSink(context)]) {
  try {
    await part.connect();
    results.push("connected");
  } catch (error) {
    results.push(error);
  }
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
