/** State that survives the process. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CaissonError, Runtime } from "../../mod.ts";
import { StateStore } from "../../runtime/pipeline/store/state_store.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Events of seven hosts, one a millisecond. */
function events(count: number): { id: number; host: string; at: number }[] {
  return Array.from({ length: count }, (_, id) => ({ id, host: `host-${id % 7}`, at: id }));
}

/** What the windows have to give, worked out the plain way. */
function expected(count: number): string[] {
  const windows = new Map<string, { host: string; start: number; n: number; ids: number }>();
  for (const { id, host, at } of events(count)) {
    const start = Math.floor(at / 50) * 50;
    const window = windows.get(`${start} ${host}`) ?? { host, start, n: 0, ids: 0 };
    window.n++;
    window.ids += id;
    windows.set(`${start} ${host}`, window);
  }
  return [...windows.values()].map((window) => JSON.stringify(window)).sort();
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch {
    // Not there yet.
    return 0;
  }
}

Deno.test("kill -9 again and again: windows come out as if nothing had happened", async () => {
  await inFolder(async (folder) => {
    const [input, output, state] = ["in.ndjson", "out.ndjson", "state.db"].map((name) => `${folder}/${name}`) as [
      string,
      string,
      string,
    ];
    const count = 60_000;
    await Deno.writeTextFile(input, events(count).map((event) => `${JSON.stringify(event)}\n`).join(""));
    const script = new URL("./durable_flow.ts", import.meta.url).pathname;
    const committed = (): number => {
      using store = new StateStore(state);
      return store.load("durable/main")?.position ?? 0;
    };
    let kills = 0;
    let position = 0;
    for (;;) {
      const before = await sizeOf(output);
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-lock", "--no-check", "--quiet", script, input, output, state],
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const error = new Response(child.stderr).text();
      let ended = false;
      const status = child.status.finally(() => ended = true);
      // Killed when it has given results and committed, at another place each time; the last run goes to the end.
      while (!ended && kills < 4) {
        if (await sizeOf(output) > before + 20_000 + kills * 13_777 && committed() > position) {
          child.kill("SIGKILL");
          break;
        }
        await new Promise((done) => setTimeout(done, 1));
      }
      const { success, signal } = await status;
      const text = await error;
      if (signal === "SIGKILL") {
        kills++;
        position = committed();
        continue;
      }
      assert(success, text);
      break;
    }
    assert(kills > 0, "it ended before it could be killed");
    const lines = (await Deno.readTextFile(output)).split("\n").filter((line) => line !== "");
    assertEquals([...new Set(lines)].sort(), expected(count));
  });
});

function flow(folder: string, connectors: Record<string, { type: string; config: Record<string, unknown> }>) {
  return {
    name: "kept",
    connectors: Object.fromEntries(
      Object.entries(connectors).map(([name, each]) => [name, {
        ...each,
        ...(name === "out" ? { postprocessors: ["separate"] } : { preprocessors: ["separate"] }),
      }]),
    ),
    pipelines: { main: [{ state: { initial: 0, update: ["+", ["state"], 1], target: ["state"] } }] },
    links: Object.keys(connectors).map((name) =>
      name === "out" ? { from: "main", to: "out" } : { from: name, to: "main" }
    ),
    state: { path: `${folder}/state.db` },
  };
}

Deno.test("a file that has grown is taken up where the state was left", async () => {
  await inFolder(async (folder) => {
    const definition = flow(folder, {
      in: { type: "file", config: { path: `${folder}/in` } },
      out: { type: "file", config: { path: `${folder}/out`, mode: "append" } },
    });
    for (const text of ["1\n2\n", "3\n"]) {
      await Deno.writeTextFile(`${folder}/in`, text, { append: true });
      await using runtime = new Runtime();
      const running = await runtime.deploy(definition);
      await running.done;
      assertEquals(running.report().failed, 0);
    }
    assertEquals(await Deno.readTextFile(`${folder}/out`), "1\n2\n3\n");
  });
});

Deno.test("a pipeline with a state that two sources feed is refused", async () => {
  await inFolder(async (folder) => {
    for (const name of ["a", "b"]) await Deno.writeTextFile(`${folder}/${name}`, "1\n");
    await using runtime = new Runtime();
    const error = await assertRejects(() =>
      runtime.deploy(flow(folder, {
        a: { type: "file", config: { path: `${folder}/a` } },
        b: { type: "file", config: { path: `${folder}/b` } },
        out: { type: "file", config: { path: `${folder}/out` } },
      })), CaissonError);
    assertEquals(error.code, "CAISSON_FLOW_INVALID");
    assertEquals(error.found, "main, which has a state and is fed by a, b");
  });
});

Deno.test("a file that is no database is refused, and a state of other steps, too", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text`, "this is no database ".repeat(100));
    assertEquals(assertThrows(() => new StateStore(`${folder}/text`), CaissonError).code, "CAISSON_STATE_UNREADABLE");
    {
      using store = new StateStore(`${folder}/state.db`);
      store.save("kept/main", { position: 3, state: { "main[0].select": [] } });
    }
    await Deno.writeTextFile(`${folder}/in`, "1\n");
    await using runtime = new Runtime();
    const error = await assertRejects(() =>
      runtime.deploy(flow(folder, {
        in: { type: "file", config: { path: `${folder}/in` } },
        out: { type: "file", config: { path: `${folder}/out` } },
      })), CaissonError);
    assertEquals(error.code, "CAISSON_STATE_MISMATCH");
  });
});
