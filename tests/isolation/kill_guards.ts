import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { childProcesses } from "./child_processes.ts";
import { launchFixture } from "./launch_fixture.ts";

const BATCH = 1024;

/**
 * Sends numbered events to a sink in a guard that is killed again and again; what fails is sent again. Every event must
 * arrive, and only events of a write that was under way may arrive twice.
 */
export async function killGuards(events: number, kills: number): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/kept`;
  await Deno.writeFile(file, new Uint8Array());
  const fixture = await launchFixture("keeper", {
    isolation: "guard",
    kind: "sink",
    config: { file },
    permissions: { read: [new URL("./fixtures/keeper", import.meta.url).pathname], write: [file] },
    options: { restart: { max: kills + 1, firstMs: 5, maxMs: 20 } },
  });
  const encoder = new TextEncoder();
  const batch = Batch.allocate({ capacity: BATCH, arenaBytes: BATCH * 32 });
  let failures = 0;
  let killed = 0;
  const writes = Math.ceil(events / BATCH);
  const between = writes / kills;
  try {
    for (let start = 0; start < events; start += BATCH) {
      batch.clear();
      const end = Math.min(events, start + BATCH);
      for (let n = start; n < end; n++) batch.appendBytes(encoder.encode(`{"n":${n}}`), n);
      for (;;) {
        if (killed < kills && start / BATCH >= killed * between) {
          const [pid] = await childProcesses();
          killed++;
          // At a random moment of the write that follows.
          if (pid !== undefined) setTimeout(() => kill(pid), Math.random() * 2);
        }
        try {
          assertEquals(await fixture.sink.write(batch), undefined);
          break;
        } catch (error) {
          assert(error instanceof CaissonError && error.code === "CAISSON_PLUGIN_CRASHED", String(error));
          failures++;
        }
      }
    }
    await fixture.sink.close();
    const kept = new Uint32Array((await Deno.readFile(file)).buffer);
    const counts = new Uint8Array(events);
    for (const n of kept) counts[n]!++;
    assertEquals(counts.indexOf(0), -1, "an event was lost");
    assert(kept.length - events <= failures * BATCH, `${kept.length - events} twice, ${failures} writes failed`);
    assert(failures > 0 && failures <= kills, `${failures} writes failed, ${kills} kills`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It was killed before.
  }
}
