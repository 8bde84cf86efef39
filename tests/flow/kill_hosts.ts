/** Kills a host process again and again while events go through a durable link, and counts what arrives. @module */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const CHILD = fromFileUrl(new URL("./durable_child.ts", import.meta.url));

/** What was counted. */
export interface HostKills {
  /** Hosts that were killed while they ran. */
  readonly kills: number;
  /** Events that arrived more than once, each further time. */
  readonly duplicates: number;
  /** Lines that are no event. */
  readonly torn: number;
  /** Events that never arrived. */
  readonly missing: number;
}

/** Sends `events` numbers, killing the host `kills` times, each time after it has written some more lines. */
export async function killHosts(events: number, kills: number): Promise<HostKills> {
  const folder = await Deno.makeTempDir();
  try {
    let killed = 0;
    for (;;) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-lock", "--no-check", "--allow-all", CHILD, folder, String(events)],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const stderr = new Response(child.stderr).text();
      // Every host has to get a share of the events done, so that the last kill comes before the last event.
      const goal = Math.round((killed + Math.random()) / (kills + 1) * events);
      const [code] = await Promise.all([
        child.status.then((status) => status.success ? 0 : status.signal ?? status.code),
        killed < kills ? killAfter(child, folder, goal) : undefined,
        child.stdout.pipeTo(new WritableStream()),
      ]);
      if (code === 0) break;
      assertEquals(code, "SIGKILL", await stderr);
      killed++;
    }
    return { kills: killed, ...await countLines(`${folder}/lines.txt`, events) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Kills a process once about `goal` lines are written, unless it ends before. */
async function killAfter(child: Deno.ChildProcess, folder: string, goal: number): Promise<void> {
  let ended = false;
  void child.status.then(() => ended = true);
  while (!ended) {
    const { size } = await Deno.stat(`${folder}/lines.txt`).catch(() => ({ size: 0 }));
    if (size >= goal * 10) break;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  try {
    child.kill("SIGKILL");
  } catch (error) {
    assert(ended || error instanceof TypeError, String(error));
  }
}

/** Counts what a file of numbered lines holds. */
export async function countLines(path: string, events: number): Promise<Omit<HostKills, "kills">> {
  const seen = new Uint16Array(events);
  let torn = 0;
  let duplicates = 0;
  const lines = (await Deno.readTextFile(path)).split("\n");
  assertEquals(lines.pop(), "", "the last line has no end");
  for (const line of lines) {
    const n = Number(/^\{"n":(\d+)\}$/.exec(line)?.[1] ?? NaN);
    if (!(n < events)) torn++;
    else if (seen[n]!++ > 0) duplicates++;
  }
  return { torn, duplicates, missing: seen.reduce((sum, times) => sum + (times === 0 ? 1 : 0), 0) };
}
