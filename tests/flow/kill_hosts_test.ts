import { assert, assertEquals } from "@std/assert";
import { killHosts } from "./kill_hosts.ts";

Deno.test({
  name: "a host is killed 5 times: every event arrives, only what was in flight arrives twice, no line is torn",
  ignore: Deno.build.os === "windows",
  async fn() {
    const { kills, missing, torn, duplicates } = await killHosts(60_000, 5);
    assertEquals({ missing, torn }, { missing: 0, torn: 0 });
    assert(kills > 0, "no host was killed while it ran");
    // At a kill one entry is on its way to the file, and up to 8 batches are stored of which the client was not told.
    assert(duplicates <= kills * (1 + 8) * 4, `${duplicates} duplicates after ${kills} kills`);
  },
});
