// Passes standard input on to the stream that is named.
import { StdioSink } from "../../../runtime/connector/builtin/stdio_sink.ts";
import { StdioSource } from "../../../runtime/connector/builtin/stdio_source.ts";
import { Batch } from "../../../runtime/data/batch.ts";

const context = {
  alias: "test/part",
  instance: 1,
  config: { stream: Deno.args[0] },
  signal: new AbortController().signal,
  log: () => {},
};
const source = new StdioSource(context);
const sink = new StdioSink(context);
const batch = Batch.allocate();
for (let state = "filled"; state !== "ended";) {
  batch.clear();
  ({ state } = await source.poll(batch));
  if (batch.count > 0) await sink.write([batch.payload(0)]);
}
