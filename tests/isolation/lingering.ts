/**
 * Opens and closes a plugin that leaves something behind, in a process of its own: its thread goes on using what the host
 * gave it, and the next test file's host is another one. Prints what was logged.
 * @module
 */
import { parkedBuilds } from "../../ffi/parked.ts";
import { openNative, TEST_PLUGINS } from "./native_plugins.ts";

const log: string[] = [];
const [mode] = Deno.args;
const opened = await openNative(`${TEST_PLUGINS}/lingering`, "lingering", { mode }, {}, (line) => log.push(line));
await opened[Symbol.asyncDispose]();
// Long enough for the thread to use what it should not have lost.
await new Promise((resolve) => setTimeout(resolve, 50));
// deno-lint-ignore no-console -- how it reports
console.log(JSON.stringify({ log, parked: parkedBuilds("@caisson/lingering") }));
