/** Two plugins in one flow: one lays out what it has, the other looks for it wherever neighbours could meet. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { Runtime, toAsyncIterable } from "../../mod.ts";
import { buildIntruder } from "./run_native.ts";

const VARIABLE = "CAISSON_TEST_NEIGHBOUR";

/** Lays out a secret wherever somebody else could find it. Each way by itself: what one is refused, others may do. */
const GIVE = `
const builtin = (name) => ["node", name].join(":");
async function give({ folder, secret }) {
  const given = [];
  const ways = {
    channel: () => {
      const channel = new BroadcastChannel("neighbours");
      setInterval(() => channel.postMessage(secret), 5);
    },
    "node channel": async () => {
      const { BroadcastChannel } = await import(builtin("worker_threads"));
      const channel = new BroadcastChannel("node neighbours");
      setInterval(() => channel.postMessage(secret), 5);
    },
    cache: async () => await (await caches.open("neighbours")).put("https://neighbour/", new Response(secret)),
    storage: () => localStorage.setItem("neighbours", secret),
    global: () => { globalThis.neighbours = secret; },
    prototype: () => { Object.prototype.neighbours = secret; },
    "shared module": async () => { (await import(builtin("module"))).default.neighbours = secret; },
    "a file": () => Deno.writeTextFileSync(folder + "/secret", secret),
  };
  for (const [name, way] of Object.entries(ways)) {
    try { await way(); given.push(name); } catch { /* refused */ }
  }
  return given;
}
`;

/**
 * Looks there, again and again; what it found is what it says. For a second; where something is known to be found,
 * until all of that is, however slow the machine, within a limit.
 */
const TAKE = `
const builtin = (name) => ["node", name].join(":");
async function take({ folder, host, variable, module, expected = [] }) {
  const found = {};
  const ways = {
    channel: () => new Promise((resolve) => {
      const channel = new BroadcastChannel("neighbours");
      channel.onmessage = ({ data }) => { found.channel = data; };
      resolve();
    }),
    "node channel": async () => {
      const { BroadcastChannel } = await import(builtin("worker_threads"));
      new BroadcastChannel("node neighbours").onmessage = ({ data }) => { found["node channel"] = data; };
    },
  };
  for (const way of Object.values(ways)) {
    try { await way(); } catch { /* refused */ }
  }
  const looks = {
    cache: async () => await (await (await caches.open("neighbours")).match("https://neighbour/"))?.text(),
    storage: () => localStorage.getItem("neighbours") ?? undefined,
    global: () => globalThis.neighbours,
    prototype: () => ({}).neighbours,
    "shared module": async () => (await import(builtin("module"))).default.neighbours,
    "a file": () => Deno.readTextFileSync(folder + "/secret"),
    "its variable": () => Deno.env.get(variable),
    "its code": async () => (await import("file://" + module)).secret,
    "environment of the host": () => Deno.readTextFileSync("/proc/" + host + "/environ"),
    "memory of the host": () => Deno.openSync("/proc/" + host + "/mem") && "memory",
    "descriptors of the host": () => [...Deno.readDirSync("/proc/" + host + "/fd")].length > 0 && "descriptors",
    "other processes": () => [...Deno.readDirSync("/proc")].length > 0 && "processes",
  };
  const end = Date.now() + (expected.length > 0 ? 30_000 : 1000);
  while (Date.now() < end && !(expected.length > 0 && expected.every((name) => name in found))) {
    for (const [name, look] of Object.entries(looks)) {
      if (found[name] !== undefined) continue;
      try {
        const taken = await look();
        if (taken !== undefined) found[name] = taken;
      } catch { /* refused */ }
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return Object.keys(found).sort();
}
`;

const GIVER = `${GIVE}
export const secret = "of the code";
let given;
export default { giver: ({ config }) => ({ async read() {
  if (given !== undefined) return { kind: "idle", retryAfterMs: 50 };
  given = await give(config);
  return { kind: "events", values: [{ given, variable: Deno.env.get(config.variable) }] };
} }) };
`;

const TAKER = `${TAKE}
let done = false;
export default { taker: ({ config }) => ({ async read() {
  if (done) return { kind: "finished" };
  done = true;
  return { kind: "events", values: [{ found: await take(config) }] };
} }) };
`;

interface Said {
  readonly given?: readonly string[];
  readonly variable?: string;
  readonly found?: readonly string[];
}

async function writePlugin(folder: string, name: string, code: string, permissions: object): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "mod.js"), code);
  await Deno.writeTextFile(
    join(folder, "plugin.json"),
    JSON.stringify({
      manifest: 1,
      name,
      version: "1.0.0",
      runtime: "^0.1.0",
      provides: [{ kind: "source", name, interface: "source@1.0", config: { type: "object" } }],
      module: "./mod.js",
      permissions,
    }),
  );
}

/** Both in one flow; what each of them said. */
async function meet(isolation: "worker" | "guard"): Promise<Said> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  Deno.env.set("CAISSON_TEST_NEIGHBOUR", "of the environment");
  try {
    const data = join(folder, "data");
    await Deno.mkdir(data);
    const held = { read: [data], write: [data], env: [VARIABLE] };
    const reasons = { read: "has data", write: "has data", env: "has a variable" };
    await writePlugin(join(folder, "giver"), "giver", GIVER, { ...held, reasons });
    await writePlugin(join(folder, "taker"), "taker", TAKER, {});
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(
      grants,
      JSON.stringify({
        grants: 1,
        plugins: { giver: { isolation, permissions: held }, taker: { isolation, permissions: {} } },
      }),
    );
    await using runtime = new Runtime({ plugins: [join(folder, "giver"), join(folder, "taker")], grants });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    const results = toAsyncIterable<Said>();
    runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
    const config = {
      folder: data,
      secret: "of a neighbour",
      host: Deno.pid,
      variable: VARIABLE,
      module: join(folder, "giver", "mod.js"),
    };
    const flow = await runtime.deploy({
      name: "neighbours",
      connectors: {
        giver: { type: "giver", config },
        taker: { type: "taker", config },
        results: { type: "results" },
      },
      links: [{ from: "giver", to: "results" }, { from: "taker", to: "results" }],
    });
    let said: Said = {};
    for await (const value of results) {
      said = { ...said, ...value };
      if (said.given !== undefined && said.found !== undefined) break;
    }
    await flow.stop({ deadlineMs: 100, closeMs: 1000 });
    return said;
  } finally {
    Deno.env.delete("CAISSON_TEST_NEIGHBOUR");
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the same code finds in two Workers that nobody holds; it looks until it has found `expected`. */
async function meetUnprotected(expected: readonly string[]): Promise<Said> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const config = JSON.stringify({
      folder,
      secret: "of a neighbour",
      host: Deno.pid,
      variable: VARIABLE,
      module: join(folder, "secret.js"),
      expected,
    });
    await Deno.writeTextFile(join(folder, "secret.js"), `export const secret = "of the code";`);
    await Deno.writeTextFile(join(folder, "giver.js"), `${GIVE}\npostMessage(await give(${config}));`);
    await Deno.writeTextFile(join(folder, "taker.js"), `${TAKE}\npostMessage(await take(${config}));`);
    // One after the other: two that make the database of the cache at once find it locked, and one of them gives up.
    await Deno.writeTextFile(
      join(folder, "main.js"),
      `const start = (name) => new Worker(import.meta.resolve(name), { type: "module" });
       start("./giver.js").onmessage = ({ data: given }) => {
         start("./taker.js").onmessage = ({ data: found }) => {
           console.log(JSON.stringify({ given, found }));
           Deno.exit(0);
         };
       };`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", "--location=https://neighbours", join(folder, "main.js")],
      env: { [VARIABLE]: "of the environment", DENO_DIR: join(folder, "deno") },
      stderr: "null",
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("where nothing holds them, two modules find what the other has in many ways", async () => {
  const expected = ["a file", "cache", "channel", "its code", "its variable", "node channel"];
  if (Deno.build.os === "linux") expected.push("environment of the host", "descriptors of the host", "other processes");
  const { given, found } = await meetUnprotected(expected);
  assertEquals(expected.filter((way) => !found?.includes(way)), [], `given: ${given}`);
});

Deno.test("two guards in one flow find nothing of each other", async () => {
  const { given, variable, found } = await meet("guard");
  assertEquals(variable, "of the environment");
  assert(given!.includes("a file") && given!.includes("global"), `given: ${given}`);
  assertEquals(found, []);
});

Deno.test("two Workers in one flow find nothing of each other, but for a channel of node that is a known gap", async () => {
  const { given, variable, found } = await meet("worker");
  assertEquals(variable, "of the environment");
  assert(given!.includes("a file") && given!.includes("global"), `given: ${given}`);
  // When this changes, Deno has changed, and docs/security.md has to.
  assertEquals(found, ["node channel"]);
});

/** An intruder and a neighbour, each in a runner of one flow; what the intruder said. */
async function meetInRunners(unsandboxed: boolean): Promise<string> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const blaster = fromFileUrl(new URL("../../plugins/blaster", import.meta.url));
    await buildPlugin({ folder: blaster });
    const intruder = await buildIntruder();
    const grants = join(folder, "caisson.grants.json");
    const loose = unsandboxed ? { unsandboxed: true } : {};
    await Deno.writeTextFile(
      grants,
      JSON.stringify({
        grants: 1,
        plugins: {
          "@caisson/blaster": { isolation: "runner", permissions: { read: [folder] } },
          "@redteam/intruder": { isolation: "runner", permissions: {}, ...loose },
        },
      }),
    );
    await using runtime = new Runtime({ plugins: [join(blaster, "dist"), intruder], grants });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    const results = toAsyncIterable<string>();
    runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
    const nothing = join(folder, "nothing");
    const config = {
      attack: "take-neighbours-events",
      secretFile: nothing,
      drop: nothing,
      folder,
      socketPath: nothing,
      variable: VARIABLE,
      port: 1,
      datagramPort: 1,
      victim: Deno.pid,
    };
    const flow = await runtime.deploy({
      name: "neighbours",
      connectors: {
        neighbour: { type: "blaster", config: { event_bytes: 100, count: 1000, rate: 100 }, codec: "string" },
        intruder: { type: "intruder", config, codec: "string" },
        results: { type: "results" },
      },
      links: [{ from: "neighbour", to: "results" }, { from: "intruder", to: "results" }],
    });
    let said = "";
    for await (const value of results) {
      if (!/^(?:took|refused) /.test(value)) continue;
      said = value;
      break;
    }
    await flow.stop({ deadlineMs: 100, closeMs: 1000 });
    return said;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "a runner without a sandbox reads the memory of the runner beside it, and one in the sandbox does not",
  ignore: Deno.build.os !== "linux",
  async fn() {
    assertStringIncludes(await meetInRunners(true), "took ");
    assertStringIncludes(await meetInRunners(false), "refused ");
  },
});
