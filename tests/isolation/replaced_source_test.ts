import { assert, assertEquals } from "@std/assert";
import type { HostedLink } from "../../runtime/connector/contract.ts";
import { ReplaceableSource } from "../../runtime/control/replaceable_source.ts";
import { Batch } from "../../runtime/data/batch.ts";
import type { ProcessLink } from "../../runtime/isolation/process_link.ts";
import { asSource, type Opened, PLUGINS, start } from "./native_plugins.ts";
import { openRunner } from "./runner_plugins.ts";

const BATCH = 64;

/** A native source of batches of 64 events of which a slot holds 16. */
function open(signal: AbortSignal, count: number, hosted: (link: HostedLink) => void = () => {}): Promise<Opened> {
  return openRunner(`${PLUGINS}/blaster`, "blaster", { event_bytes: 1000, count }, {
    signal,
    hosted,
    unsandboxed: true,
    options: { ring: { slots: 2, capacity: BATCH, arenaBytes: 1 << 14 } },
  });
}

Deno.test({
  name: "a native source that is replaced behind a blocked sink hands over all it had read",
  ignore: Deno.build.os === "windows",
  async fn() {
    const stop = new AbortController();
    let pid = 0;
    const never = new AbortController();
    await using old = await open(stop.signal, 1_000_000, (link) => ({ pid } = link as ProcessLink));
    await using next = await open(never.signal, 1);
    const source = asSource(old);
    const answers: Promise<void>[] = [];
    const finishReading = source.finishReading!.bind(source);
    source.finishReading = () => {
      answers.push(finishReading());
      return answers.at(-1)!;
    };
    const replaceable = new ReplaceableSource({ part: old.part, stop: () => stop.abort() }, source, {
      alias: "test/in",
      onError: (error) => {
        throw error;
      },
    });
    await start(source);
    const batch = Batch.allocate();
    const seen: number[] = [];
    const take = async (): Promise<void> => {
      batch.clear();
      await replaceable.poll(batch, BATCH);
      for (let index = 0; index < batch.count; index++) seen.push(batch.sequence(index));
      replaceable.settle(batch, new Map());
    };
    while (seen.length === 0) await take();
    let replaced = false;
    const replacing = replaceable.replace({ part: next.part, stop: () => never.abort() }).then(() => replaced = true);
    // Nothing is taken meanwhile: the old part gives its answer with a batch in its hands that finds no room.
    while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await answers[0];
    // A machine that is slow at the wrong moment: the ring is empty before the process finds room in it.
    assert(pid > 0);
    Deno.kill(pid, "SIGSTOP");
    do await take(); while (batch.count > 0);
    Deno.kill(pid, "SIGCONT");
    while (!replaced) {
      await take();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await replacing;
    assertEquals(seen, seen.map((_, index) => index));
    assertEquals(seen.length % BATCH, 0, `${seen.length} events came out of batches of ${BATCH}`);
  },
});
