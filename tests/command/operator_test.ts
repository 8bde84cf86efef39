/** The operator's hands: install, grant, why, plugins, run, revoke, audit. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { removeTree } from "../../permissions/store.ts";
import { caisson, cliArgs, inFolder, writeFiles } from "./cli.ts";

/** Everything, as an operator has it who installed the command line with these. */
const all = ["--allow-read", "--allow-write", "--allow-run", "--allow-ffi", "--allow-net", "--allow-env"];

const clicks = {
  "source/plugin.json": {
    manifest: 1,
    name: "@acme/clicks",
    version: "1.0.0",
    runtime: "^0.1.0",
    module: "./mod.ts",
    provides: [{ kind: "sink", name: "clicks", interface: "sink@1.0" }],
    permissions: {
      net: ["api.example.com:443", "b.example.com:443"],
      write: true,
      env: ["TOKEN"],
      reasons: { net: "polls\u001b[2J the API", write: "w", env: "e" },
    },
  },
  "source/mod.ts": `export default { clicks: () => ({ write() {} }) };\n`,
};

async function inStore(run: (cwd: string) => Promise<void>): Promise<void> {
  await inFolder(async (cwd) => {
    try {
      await run(cwd);
    } finally {
      await removeTree(join(cwd, ".caisson", "store"));
    }
  });
}

Deno.test("what a plugin can do, who said so and what it did, in three commands", async () => {
  await inStore(async (cwd) => {
    await writeFiles(cwd, clicks);
    const run = (...words: string[]) => caisson(words, { cwd, flags: all });
    const installed = await run("install", "./source");
    assertEquals(installed.code, 0, installed.stderr);
    assertStringIncludes(installed.stdout, `asks for net: "api.example.com:443", "b.example.com:443"`);
    assertStringIncludes(installed.stdout, '"polls\\u001b[2J the API"');

    const headless = await run("grant", "@acme/clicks");
    assertEquals(headless.code, 4);
    assertStringIncludes(
      headless.stderr,
      "caisson grant @acme/clicks --net=api.example.com:443,b.example.com:443 --write=…",
    );
    const dry = await run("grant", "@acme/clicks", "--net=api.example.com:443", "--dry-run");
    assertEquals(JSON.parse(dry.stdout).plugins["@acme/clicks"].permissions.net, ["api.example.com:443"]);
    assertEquals(await exists(`${cwd}/caisson.grants.json`), false);

    const granted = await run("grant", "@acme/clicks", "--net=api.example.com:443", "--write=out", "--refuse=env");
    assertEquals(granted.code, 0, granted.stderr);
    assertEquals(JSON.parse(await Deno.readTextFile(`${cwd}/caisson.grants.json`)), {
      grants: 1,
      plugins: { "@acme/clicks": { permissions: { net: ["api.example.com:443"], write: ["out"], env: false } } },
    });

    const can = await run("plugins");
    assertEquals(can.code, 0, can.stderr);
    assertStringIncludes(can.stdout, "guard");
    assertStringIncludes(can.stdout, "net api.example.com:443");
    assertStringIncludes(can.stdout, "sha256-");
    const who = await run("why", "@acme/clicks", "net", "api.example.com:443");
    assertEquals(who.code, 0, who.stderr);
    assertStringIncludes(who.stdout, "(caisson.grants.json:7)");
    const did = await run("audit", "@acme/clicks");
    assertStringIncludes(did.stdout, "install");
    assertStringIncludes(did.stdout, "+ net api.example.com:443");
    const some = JSON.parse((await run("audit", "--kind", "grant", "--since", "1h", "--json")).stdout);
    assertEquals(some.records.map(({ kind }: { kind: string }) => kind), ["grant"]);

    const less = await run("revoke", "@acme/clicks", "--net=api.example.com:443");
    assertEquals(less.code, 0, less.stderr);
    assertEquals((await run("why", "@acme/clicks", "net", "api.example.com:443")).code, 4);
    assertEquals((await run("revoke", "@acme/clicks", "--net=api.example.com:443")).code, 4);
    assertEquals((await run("revoke", "@acme/clicks")).code, 0);
    assertEquals((await run("plugins")).stdout.includes("CAISSON_GRANT_MISSING"), true);
  });
});

for (
  const [what, words] of [
    ["what it does not ask for", ["--sys=hostname"]],
    ["a wildcard", ["--net=*.example.com"]],
    ["the name of this machine", ["--net=localhost:80"]],
    ["all, where the plugin leaves something open", ["--all"]],
    ["an unknown isolation", ["--isolation=thread"]],
    ["the folder of the grants themselves", ["--write=.", "--isolation=guard"]],
  ] as const
) {
  Deno.test(`grant refuses ${what}`, async () => {
    await inFolder(async (cwd) => {
      await writeFiles(cwd, clicks);
      const { code, stderr } = await caisson(["grant", "@acme/clicks", "--plugin", "source", ...words], {
        cwd,
        flags: all,
      });
      if (words[0] === "--write=.") {
        const { stdout } = await caisson(["plugins", "--plugin", "source"], { cwd, flags: all });
        assertStringIncludes(stdout, "Refused");
        return;
      }
      assertEquals(code, 2, stderr);
      assertEquals(await exists(`${cwd}/caisson.grants.json`), false);
    });
  });
}

Deno.test({
  name: "at a terminal grant asks about each request, and everything but yes refuses",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await inFolder(async (cwd) => {
      await writeFiles(cwd, clicks);
      const line = [Deno.execPath(), ...cliArgs(["grant", "@acme/clicks", "--plugin", "source"], all)]
        .map((word) => `'${word}'`).join(" ");
      const child = new Deno.Command("script", {
        args: ["--quiet", "--return", "--command", line, "/dev/null"],
        cwd,
        env: { TERM: "xterm" },
        stdin: "piped",
        stdout: "piped",
        signal: AbortSignal.timeout(60_000),
      }).spawn();
      const writer = child.stdin.getWriter();
      const decoder = new TextDecoder();
      let shown = "";
      const answers = [["grant it? [y/N]", "y\n"], ["which write", "out\n"], ["grant it? [y/N]", "\n"]] as const;
      let next = 0;
      let from = 0;
      for await (const chunk of child.stdout) {
        shown += decoder.decode(chunk, { stream: true });
        while (next < answers.length && shown.indexOf(answers[next]![0], from) >= 0) {
          from = shown.indexOf(answers[next]![0], from) + answers[next]![0].length;
          await writer.write(new TextEncoder().encode(answers[next++]![1]));
        }
      }
      await writer.close().catch(() => {});
      assertEquals((await child.status).code, 0, shown);
      assert(!shown.includes("\u001b[2J"), "a reason reached the terminal as it is");
      const { plugins } = JSON.parse(await Deno.readTextFile(`${cwd}/caisson.grants.json`));
      assertEquals(plugins["@acme/clicks"].permissions, {
        net: ["api.example.com:443", "b.example.com:443"],
        write: ["out"],
        env: false,
      });
    });
  },
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("revoke reaches a flow that runs, without a word to it", async () => {
  await inStore(async (cwd) => {
    await writeFiles(cwd, {
      ...clicks,
      "flow.json": {
        name: "live",
        connectors: { input: { type: "stdio", preprocessors: ["separate"] }, output: { type: "clicks" } },
        links: [{ from: "input", to: "output" }],
      },
    });
    const run = (...words: string[]) => caisson(words, { cwd, flags: all });
    assertEquals((await run("install", "./source")).code, 0);
    const refusing = ["--refuse=write", "--refuse=env"];
    const granted = await run("grant", "@acme/clicks", "--net=api.example.com:443", ...refusing);
    assertEquals(granted.code, 0, granted.stderr);
    await using follow = linesOf(cwd, ["audit", "--follow", "--json"]);
    await using flow = linesOf(cwd, ["run", "flow.json", "--cache", `${cwd}/cache`]);
    await follow.until((line) => JSON.parse(line).kind === "load");
    assertEquals((await run("revoke", "@acme/clicks")).code, 0);
    const stop = JSON.parse(await follow.until((line) => JSON.parse(line).kind === "stop"));
    assertEquals([stop.plugin, stop.connector], ["@acme/clicks", "live/output"]);
    // Its standard input is still open: it ends because its plugin may not run any more.
    await flow.ended;
  });
});

/** A command line that goes on, with its output line by line. It is ended when it goes out of scope. */
function linesOf(cwd: string, words: readonly string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: cliArgs(words, all),
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    signal: AbortSignal.timeout(120_000),
  }).spawn();
  const seen: string[] = [];
  const waiting: (() => void)[] = [];
  let rest = "";
  const reading = child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(chunk) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        seen.push(...lines);
        for (const wake of waiting.splice(0)) wake();
      },
    }),
  );
  return {
    /** The first line that is wanted. */
    async until(wanted: (line: string) => boolean): Promise<string> {
      for (;;) {
        const line = seen.find(wanted);
        if (line !== undefined) return line;
        await new Promise<void>((resolve, reject) => {
          waiting.push(resolve);
          child.status.then(({ code }) => reject(new Error(`ended with ${code}: ${seen.join("\n")}`)));
        });
      }
    },
    /** Its end. */
    ended: child.status,
    async [Symbol.asyncDispose](): Promise<void> {
      try {
        child.kill("SIGINT");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      await child.stdin.close().catch(() => {});
      await child.status;
      await reading;
    },
  };
}
