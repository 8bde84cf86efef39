import { mapMemory } from "../ffi/map_memory.ts";
import { ringBytes } from "../runtime/data/ring.ts";
import { RingConsumer } from "../runtime/data/ring_consumer.ts";
import { RingProducer } from "../runtime/data/ring_producer.ts";
import { LineWaker } from "../runtime/isolation/line_waker.ts";
import { LineReader } from "../runtime/isolation/process_protocol.ts";
import { echo, fill } from "./ring_echo.ts";

/** As `ring_echo_worker.ts`, in a process; arguments: library, memory, bytes, parent, bytes of the payload or 0. */
const [library, path, bytes, parent, payloadBytes] = Deno.args;
const { buffer, offset } = mapMemory({
  library: library!,
  path: path!,
  bytes: Number(bytes),
  parent: Number(parent),
});
const bell = new TextEncoder().encode("\n");
const waker = new LineWaker(() => void Deno.stdout.writeSync(bell));
const ring = (byteOffset: number) => ({ buffer, byteOffset, slots: 4, capacity: 1024, arenaBytes: 1 << 20 });
const producer = new RingProducer(ring(offset + ringBytes()), waker);
const size = Number(payloadBytes);
void (size === 0
  ? echo(new RingConsumer(ring(offset), waker), producer)
  : fill(producer, new Uint8Array(size).fill(0x41)));
const lines = new LineReader(() => {});
const chunk = new Uint8Array(65_536);
for (;;) {
  const read = await Deno.stdin.read(chunk);
  if (read === null) Deno.exit(0);
  if (lines.push(chunk.subarray(0, read)) !== 0) waker.wakeHere();
}
