import { mapMemory } from "../../ffi/map_memory.ts";
import { ringBytes } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { LineWaker } from "../../runtime/isolation/line_waker.ts";
import { LineReader } from "../../runtime/isolation/process_protocol.ts";
import { echo } from "./ring_echo.ts";

/** As `ring_echo_worker.ts`, in a process; arguments: library, memory, bytes, parent, seed, pauses. */
const [library, path, bytes, parent, seed, pauses] = Deno.args;
const { buffer, offset } = mapMemory({
  library: library!,
  path: path!,
  bytes: Number(bytes),
  parent: Number(parent),
});
const bell = new TextEncoder().encode("\n");
const waker = new LineWaker(() => void Deno.stdout.writeSync(bell));
const size = { slots: 8, capacity: 4, arenaBytes: 512 };
const input = new RingConsumer({ buffer, byteOffset: offset, ...size }, waker);
const output = new RingProducer({ buffer, byteOffset: offset + ringBytes(size), ...size }, waker);
void echo(input, output, Number(seed), Number(pauses));
const lines = new LineReader(() => {});
const chunk = new Uint8Array(65_536);
for (;;) {
  const read = await Deno.stdin.read(chunk);
  if (read === null) Deno.exit(0);
  if (lines.push(chunk.subarray(0, read)) !== 0) waker.wakeHere();
}
