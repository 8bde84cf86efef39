/**
 * The entry module of every guard process: maps the host's memory, gives away the permission that took, and only then
 * loads the plugin, with what the command line granted and nothing else.
 * @module
 */
import { giveUpFfi } from "../../ffi/give_up_ffi.ts";
import { mapMemory } from "../../ffi/map_memory.ts";
import { LineWaker } from "./line_waker.ts";
import { PluginHost } from "./plugin_side/host_plugin.ts";

import { LineReader, type ProcessOpenMessage } from "./process_protocol.ts";
import type { HostMessage, OpenMessage, WorkerMessage } from "./worker_protocol.ts";

const { stdin, stdout, exit, args: [library, parent, confine] } = Deno;
const encoder = new TextEncoder();
const bell = encoder.encode("\n");

function write(bytes: Uint8Array): void {
  // A full pipe makes the plugin wait, which is what a flood deserves.
  for (let from = 0; from < bytes.length;) from += stdout.writeSync(bytes.subarray(from));
}

const waker = new LineWaker(() => write(bell));
const host = new PluginHost({ tell: say, waker });

function say(message: WorkerMessage): void {
  write(encoder.encode(`${JSON.stringify(message)}\n`));
  if (message.type === "closed") exit(0);
}

/** The message as a Worker would get it. */
function attach(message: ProcessOpenMessage): OpenMessage {
  const { module, component, kind, alias, config, codec, direction, memory, bytes, slots, capacity, arena } = message;
  const { buffer, offset } = mapMemory({
    library: library!,
    path: memory,
    bytes,
    parent: Number(parent),
    confine: confine === "confine",
  });
  const ring = (at: number) => ({ buffer, byteOffset: offset + at, slots, capacity, arenaBytes: arena });
  return {
    type: "open",
    module: module!,
    component,
    kind,
    alias,
    config: JSON.parse(config),
    codec,
    direction,
    ...(message.input < 0 ? {} : { input: ring(message.input) }),
    ...(message.output < 0 ? {} : { output: ring(message.output) }),
    ...(message.settled < 0 ? {} : { settled: new Int32Array(buffer, offset + message.settled, 2) }),
  };
}

function take(line: string): void {
  const message = JSON.parse(line) as Exclude<HostMessage, OpenMessage> | ProcessOpenMessage;
  if (message.type !== "open") return void host.take(message);
  try {
    const open = attach(message);
    giveUpFfi(library!);
    void host.take(open);
  } catch (thrown) {
    host.failed("open", thrown);
  }
}

const lines = new LineReader(take);
const buffer = new Uint8Array(65_536);
for (;;) {
  const read = await stdin.read(buffer);
  // The host is gone.
  if (read === null) exit(0);
  if (lines.push(buffer.subarray(0, read!)) !== 0) waker.wakeHere();
}
