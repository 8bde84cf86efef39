import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { caisson, cliArgs, inFolder, lineFlags, writeFiles } from "./cli.ts";

const author = ["--allow-read", "--allow-write=."];

/** A sink that asks for a host and never answers a write. */
const stuck: Readonly<Record<string, unknown>> = {
  "plugins/stuck/plugin.json": {
    manifest: 1,
    name: "stuck",
    version: "1.0.0",
    runtime: "^0.1.0",
    provides: [{ kind: "sink", name: "stuck", interface: "sink@1.0" }],
    module: "./mod.ts",
    permissions: { net: ["api.acme.com:443"], reasons: { net: "sends \u001b[2Jevents" } },
  },
  "plugins/stuck/mod.ts": `export default { stuck: () => ({ write: () => new Promise(() => {}) }) };\n`,
  "app.ndjson": '{"n":1}\n',
  "flow.json": {
    name: "stuck",
    connectors: {
      log: { type: "file", config: { path: "app.ndjson" }, preprocessors: ["separate"] },
      out: { type: "stuck" },
    },
    links: [{ from: "log", to: "out" }],
  },
};
const grantStuck = {
  grants: 1,
  plugins: { stuck: { isolation: "worker", permissions: { net: ["api.acme.com:443"] } } },
};

for (const kind of ["source", "processor", "sink"] as const) {
  Deno.test(`new plugin --ts makes a ${kind} that passes check and runs with the line flags prints`, async () => {
    await inFolder(async (cwd) => {
      const made = await caisson(["new", "plugin", "--ts", "first", "--kind", kind], {
        cwd,
        flags: ["--allow-write=."],
      });
      assertEquals(made.code, 0, made.stderr);
      const checked = await caisson(["check", "first", "--json"], { cwd, flags: author });
      assertEquals(checked.code, 0, checked.stderr);
      assertEquals(
        JSON.parse(checked.stdout).passed.map(({ check }: { check: string }) => check),
        ["manifest", "versions", "modules"],
      );
      const example = `${cwd}/first/example`;
      const line = await caisson(["flags", "flow.json", "--plugin", ".."], { cwd: example, flags: author });
      assertEquals(line.code, 0, line.stderr);
      const { flags, words } = lineFlags(line.stdout);
      const ran = await caisson([...words, "--json"], { cwd: example, flags });
      assertEquals(ran.code, 0, ran.stderr);
      const report = JSON.parse(ran.stdout);
      assertEquals([report.in, report.out, report.failed], [3, 3, 0]);
      const node = report.nodes.find(({ type }: { type: string }) => type === "first");
      assertEquals([node.plugin, node.isolation], ["first", "guard"]);
      const lines = (await Deno.readTextFile(`${example}/output.ndjson`)).trim().split("\n");
      assertEquals(lines.map((text) => JSON.parse(text).n), [1, 2, 3]);
      assertEquals(lines.every((text) => JSON.parse(text).mark === "seen"), kind === "processor");

      if (kind === "sink") {
        const kit = await caisson(["check", "--run", "first", "--isolation", "worker"], {
          cwd,
          flags: [...author, "--allow-write", "--allow-net=127.0.0.1"],
        });
        assertEquals(kit.code, 0, kit.stdout + kit.stderr);
      }

      const again = await caisson(["new", "plugin", "--ts", "first"], { cwd, flags: ["--allow-write=."] });
      assertEquals(again.code, 2);
      assertStringIncludes(again.stderr, "CAISSON_FOLDER_EXISTS");
    });
  });
}

Deno.test("a plugin whose grant names no isolation runs in a guard with the line flags prints, and can do no more", async () => {
  await inFolder(async (cwd) => {
    await caisson(["new", "plugin", "--ts", "first", "--kind", "sink"], { cwd, flags: ["--allow-write=."] });
    const example = `${cwd}/first/example`;
    const grants = JSON.parse(await Deno.readTextFile(`${example}/caisson.grants.json`));
    for (const grant of Object.values(grants.plugins) as { isolation?: string }[]) delete grant.isolation;
    await writeFiles(example, { "caisson.grants.json": grants });
    const line = await caisson(["flags", "flow.json", "--plugin", ".."], { cwd: example, flags: author });
    assertEquals(line.code, 0, line.stderr);
    const { flags, words } = lineFlags(line.stdout);
    const ran = await caisson([...words, "--json"], { cwd: example, flags });
    assertEquals(ran.code, 0, ran.stderr);
    const report = JSON.parse(ran.stdout);
    assertEquals([report.in, report.out, report.failed], [3, 3, 0]);
    const node = report.nodes.find(({ type }: { type: string }) => type === "first");
    assertEquals([node.isolation, node.level], ["guard", "sandbox"]);
  });
});

Deno.test("what new plugin --ts writes passes the type checker and the linter", async () => {
  await inFolder(async (cwd) => {
    const sdk = new URL("../../plugins/sdk/mod.ts", import.meta.url).href;
    for (const kind of ["source", "processor", "sink"]) {
      await caisson(["new", "plugin", "--ts", kind, "--kind", kind], { cwd, flags: ["--allow-write=."] });
      await writeFiles(cwd, { [`${kind}/deno.json`]: { imports: { "@caisson/plugin": sdk }, lock: false } });
      for (const args of [["check", "mod.ts"], ["lint", "mod.ts"], ["fmt", "--check", "mod.ts", "plugin.json"]]) {
        const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: `${cwd}/${kind}` }).output();
        assertEquals(code, 0, `${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
      }
    }
  });
});

Deno.test("a flow whose plugin has no grant ends with 4 and the line that grants it", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, stuck);
    const result = await caisson(["run", "flow.json"], { cwd, flags: ["--allow-read=."] });
    assertEquals(result.code, 4);
    assertStringIncludes(result.stderr, "CAISSON_GRANT_MISSING");
    assertStringIncludes(result.stderr, '"stuck":{"permissions":{"net":["api.acme.com:443"]}}');
  });
});

Deno.test("a flow whose plugin was refused ends with 3; one that does not use it runs and says so", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, {
      ...stuck,
      "caisson.grants.json": grantStuck,
      "plugins/stuck/mod.ts": 'import "https://example.com/mod.ts";\nexport default {};\n',
    });
    const refused = await caisson(["run", "flow.json"], { cwd, flags: ["--allow-read=."] });
    assertEquals(refused.code, 3);
    assertStringIncludes(refused.stderr, "CAISSON_MODULE_SPECIFIER");

    await caisson(["new", "plugin", "--ts", "first"], { cwd: `${cwd}/plugins`, flags: ["--allow-write=."] });
    const flow = ["plugins/first/example/flow.json", "--plugins", "plugins"];
    const line = await caisson(["flags", ...flow], { cwd, flags: author });
    const { flags, words } = lineFlags(line.stdout);
    const ran = await caisson(words, { cwd, flags });
    assertEquals(ran.code, 0, ran.stderr);
    assertStringIncludes(ran.stderr, "not used here: stuck (CAISSON_MODULE_SPECIFIER)");
  });
});

Deno.test("plugins lists what is registered with its permissions, and what was refused with the reason", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, {
      ...stuck,
      "caisson.grants.json": grantStuck,
      "plugins/broken/plugin.json": { manifest: 1, nam: "x" },
    });
    const { code, stdout } = await caisson(["plugins"], { cwd, flags: ["--allow-read=."] });
    assertEquals(code, 0);
    assertStringIncludes(stdout, "net api.acme.com:443; read plugins/stuck");
    assertStringIncludes(stdout, "CAISSON_MANIFEST_UNKNOWN_KEY");
    const json = JSON.parse((await caisson(["plugins", "--json"], { cwd, flags: ["--allow-read=."] })).stdout);
    assertEquals(json.registered.map(({ name }: { name: string }) => name), ["stuck"]);
    assertEquals(json.registered[0].permissions.net, ["api.acme.com:443"]);
    assertEquals(json.refused.map(({ error }: { error: { code: string } }) => error.code), [
      "CAISSON_MANIFEST_UNKNOWN_KEY",
    ]);
    const absent = await caisson(["plugins", "--plugins", "none"], { cwd, flags: ["--allow-read=."] });
    assertEquals(absent.code, 2);
    assertStringIncludes(absent.stderr, "no folder none");
  });
});

Deno.test("check says what passed before a refusal, and takes the grants of the working directory", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, { ...stuck, "empty.json": { grants: 1, plugins: {} } });
    const read = { cwd, flags: ["--allow-read=."] };
    const alone = await caisson(["check", "plugins/stuck"], read);
    assertEquals(alone.code, 0);
    assertStringIncludes(alone.stdout, "grants were not checked");
    await writeFiles(cwd, { "caisson.grants.json": grantStuck });
    const missing = await caisson(["check", "plugins/stuck", "--grants", "empty.json"], read);
    assertEquals(missing.code, 4);
    assertStringIncludes(missing.stderr, "ok  modules");
    assertStringIncludes(missing.stderr, "CAISSON_GRANT_MISSING");
    const granted = await caisson(["check", "plugins/stuck"], read);
    assertEquals(granted.code, 0, granted.stderr);
    assertStringIncludes(granted.stderr, "worker, level none; net api.acme.com:443");
    const nothing = await caisson(["check", "plugins"], read);
    assertEquals(nothing.code, 3);
    assertStringIncludes(nothing.stderr, "CAISSON_MANIFEST_NOT_FOUND");
  });
});

Deno.test("check and inspect read nothing they may not, and name the flag", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, stuck);
    for (const command of ["check", "inspect"]) {
      const { code, stderr } = await caisson([command, "plugins/stuck"], { cwd });
      assertEquals(code, 4);
      assertStringIncludes(stderr, `main.ts ${command} plugins/stuck`);
      assertStringIncludes(stderr, "--allow-read=plugins/stuck");
    }
  });
});

Deno.test("inspect shows what a plugin asks for in quotes, with nothing a terminal would act on", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, stuck);
    const { code, stdout } = await caisson(["inspect", "plugins/stuck"], { cwd, flags: ["--allow-read=plugins"] });
    assertEquals(code, 0);
    assertStringIncludes(stdout, '"api.acme.com:443"');
    assertStringIncludes(stdout, String.raw`"sends \u001b[2Jevents"`);
    assertStringIncludes(stdout, "mod.ts");
    assert(!stdout.includes("\u001b"));
  });
});

/** Runs a flow that cannot drain and sends it signals once it has started. */
async function interrupt(seconds: number, second: boolean): Promise<{ code: number; stderr: string; stdout: string }> {
  let result = { code: -1, stderr: "", stdout: "" };
  await inFolder(async (cwd) => {
    const flow = stuck["flow.json"] as { connectors: object };
    await writeFiles(cwd, {
      ...stuck,
      "caisson.grants.json": grantStuck,
      "flow.json": {
        ...flow,
        connectors: { ...flow.connectors, started: { type: "file", config: { path: "started.ndjson" } } },
        links: [{ from: "log", to: ["out", "started"] }],
      },
    });
    const line = await caisson(["flags", "flow.json"], { cwd, flags: author });
    const { flags, words } = lineFlags(line.stdout);
    const child = new Deno.Command(Deno.execPath(), {
      args: cliArgs([...words, "--json", "--drain", String(seconds)], flags),
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stdout = new Response(child.stdout).text();
    const deadline = Date.now() + 30_000;
    const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    // A flow that is still starting ends with its start; this one has, when an event has come through.
    while (!await hasContent(`${cwd}/started.ndjson`) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGINT");
    let stderr = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += text;
      if (second && text.includes("draining")) child.kill("SIGINT");
    }
    const { code } = await child.status;
    clearTimeout(timer);
    result = { code, stderr, stdout: await stdout };
  });
  return result;
}

async function hasContent(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch {
    return false;
  }
}

const windows = Deno.build.os === "windows";

Deno.test("a second signal ends run at once with 1, whatever a plugin is doing", { ignore: windows }, async () => {
  const { code, stderr } = await interrupt(60, true);
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "stopped at once");
});

Deno.test("a flow that does not drain in time ends run with 1 and its report", { ignore: windows }, async () => {
  const { code, stderr, stdout } = await interrupt(0.3, false);
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "still draining");
  assertEquals(JSON.parse(stdout).state, "failed");
});
