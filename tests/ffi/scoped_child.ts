/** A host with few permissions: loads the plugin described on the command line and prints what came of it. @module */
import { loadLibrary } from "../../ffi/library.ts";
import { nativeBatch, openProbe } from "./probe_instance.ts";

const [text, config] = Deno.args as [string, string];
const library = await loadLibrary(JSON.parse(text));
const { instance, error } = await openProbe(library, JSON.parse(config));
const batch = nativeBatch(library);
library.source.poll(instance, batch.block, 3, error);
const sum = library.sink.write(instance, batch.block, null, error);
const result = { count: batch.count, sum, live: library.common.live() };
await Deno.stdout.write(
  new TextEncoder().encode(`${JSON.stringify(result)}\n`),
);
// Leaves without closing anything: with a thread of the plugin running, only the anchor keeps its code mapped.
