import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { caisson, cliArgs, errorsFlow, inFolder, lineFlags, writeFiles } from "./cli.ts";

const enough = ["--allow-read=flow.json,app.ndjson", "--allow-write=errors.ndjson"];

Deno.test("run ends with a table of every node on standard output", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, errorsFlow);
    const { code, stdout, stderr } = await caisson(["run", "flow.json"], { cwd, flags: enough });
    assertEquals(code, 0, stderr);
    assertEquals(stderr, "");
    assertMatch(stdout, /^node +role +type +plugin +isolation +level +in +out +dropped +failed\n/);
    assertMatch(stdout, /^main +pipeline +pipeline +builtin +builtin +none +3 +2 +1 +0$/m);
    assertMatch(stdout, /3 in, 2 out, 1 dropped, 0 failed; [\d,]+ events\/s/);
    assertMatch(stdout, /p50 .* p99 .* p99\.9 .*; memory \d+ MiB/);
    assertEquals(await Deno.readTextFile(`${cwd}/errors.ndjson`), '{"level":"error","n":1}\n{"level":"error","n":3}\n');
  });
});

Deno.test("run --json prints the report as one document", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, errorsFlow);
    const { code, stdout } = await caisson(["run", "flow.json", "--json"], { cwd, flags: enough });
    assertEquals(code, 0);
    const report = JSON.parse(stdout);
    assertEquals([report.state, report.in, report.out, report.dropped, report.failed], ["stopped", 3, 2, 1, 0]);
    assertEquals(report.nodes.length, 3);
    assert(report.memory.rssBytes > 0);
  });
});

Deno.test("--input names another file for a connector, and only for one that reads a path", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, { ...errorsFlow, "other.ndjson": '{"level":"error"}\n' });
    const flags = ["--allow-read=flow.json,other.ndjson", "--allow-write=errors.ndjson"];
    const { code, stdout } = await caisson(["run", "flow.json", "--json", "--input", "log=other.ndjson"], {
      cwd,
      flags,
    });
    assertEquals(code, 0);
    assertEquals(JSON.parse(stdout).in, 1);
    for (const input of ["log", "nothing=x", "main=x", "log="]) {
      const refused = await caisson(["run", "flow.json", "--input", input], { cwd, flags });
      assertEquals(refused.code, 2, input);
      assertStringIncludes(refused.stderr, "one of log, errors");
    }
  });
});

Deno.test("started without permissions, run names first what has to be read, then all the rest at once", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, errorsFlow);
    const first = await caisson(["run", "flow.json"], { cwd, flags: ["--allow-ffi"] });
    assertEquals(first.code, 4);
    assertStringIncludes(first.stderr, "CAISSON_HOST_PERMISSION");
    for (const reason of ["(the flow)", "(the plugins)", "(the grants)"]) assertStringIncludes(first.stderr, reason);
    assert(!first.stderr.includes("--allow-write"), "nothing else is asked for before the flow is read");
    const read = lineFlags(first.stderr);
    assert(read.flags.includes("--allow-ffi"), "what was given stays in the line");

    const second = await caisson(read.words, { cwd, flags: read.flags });
    assertEquals(second.code, 4);
    for (const need of ["--allow-read=app.ndjson (file source)", "--allow-write=errors.ndjson (file sink)"]) {
      assertStringIncludes(second.stderr, need);
    }
    const all = lineFlags(second.stderr);
    assertEquals(all.flags, ["--allow-read=app.ndjson,flow.json", "--allow-write=errors.ndjson"]);

    const third = await caisson(all.words, { cwd, flags: all.flags });
    assertEquals(third.code, 0, third.stderr);
  });
});

Deno.test("flags prints the line that runs, with a reason for each permission", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, errorsFlow);
    const { code, stdout, stderr } = await caisson(["flags", "flow.json"], { cwd, flags: ["--allow-read=flow.json"] });
    assertEquals(code, 0, stderr);
    assertMatch(
      stdout,
      /^deno run --allow-read=app.ndjson,flow.json --allow-write=errors.ndjson \S*main.ts run flow.json\n$/,
    );
    assertStringIncludes(stderr, "--allow-write=errors.ndjson: file sink");
    const json = await caisson(["flags", "flow.json", "--json"], { cwd, flags: ["--allow-read=flow.json"] });
    const document = JSON.parse(json.stdout);
    assertEquals(`${document.line}\n`, stdout);
    assertEquals(document.reasons[0], { flag: "--allow-read=flow.json", reasons: ["the flow"] });
    const ran = await caisson(lineFlags(stdout).words, { cwd, flags: lineFlags(stdout).flags });
    assertEquals(ran.code, 0, ran.stderr);
  });
});

Deno.test("a flow module's imports are part of what has to be read", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, {
      ...errorsFlow,
      "flow.ts": `import { path } from "./parts/path.ts";
export default {
  name: "module",
  connectors: { log: { type: "file", config: { path }, preprocessors: ["separate"] },
    errors: { type: "file", config: { path: "errors.ndjson" }, postprocessors: ["separate"] } },
  pipelines: { main: [{ filter: (event: { value: { n: number } }) => event.value.n > 1 }] },
  links: [{ from: "log", to: "main" }, { from: "main", to: "errors" }],
};\n`,
      "parts/path.ts": 'export const path = "app.ndjson";\n',
    });
    const flags = ["--allow-read=flow.ts"];
    const refused = await caisson(["run", "flow.ts"], { cwd, flags });
    assertEquals(refused.code, 4);
    assertStringIncludes(refused.stderr, "--allow-read=parts/path.ts (a module the flow imports)");
    const line = await caisson(["flags", "flow.ts"], { cwd, flags: ["--allow-read=."] });
    const { flags: all, words } = lineFlags(line.stdout);
    const ran = await caisson([...words, "--json"], { cwd, flags: all });
    assertEquals(ran.code, 0, ran.stderr);
    assertEquals(JSON.parse(ran.stdout).out, 2);
  });
});

Deno.test("what is wrong with the flow ends run with 2, a source that fails with 1", async () => {
  await inFolder(async (cwd) => {
    const flow = errorsFlow["flow.json"] as Record<string, unknown>;
    await writeFiles(cwd, {
      ...errorsFlow,
      "broken.json": "{",
      "unknown.json": { ...flow, conectors: {} },
      "config.json": {
        ...flow,
        connectors: { ...flow.connectors as object, log: { type: "file", config: { pth: "x" } } },
      },
      "absent.json": {
        ...flow,
        connectors: { ...flow.connectors as object, log: { type: "file", config: { path: "x" } } },
      },
    });
    for (
      const [file, code, found] of [
        ["none.json", 2, "CAISSON_FLOW_NOT_FOUND"],
        ["broken.json", 2, "CAISSON_FLOW_SYNTAX"],
        ["unknown.json", 2, "conectors"],
        ["config.json", 2, "CAISSON_CONFIG_INVALID"],
        ["absent.json", 1, "CAISSON_CONNECT_FAILED"],
      ] as const
    ) {
      const result = await caisson(["run", file], { cwd, flags: ["--allow-read=.", "--allow-write=."] });
      assertEquals(result.code, code, `${file}: ${result.stderr}`);
      assertStringIncludes(result.stderr, found);
    }
  });
});

Deno.test("failed events end run with 1 only under --strict", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, { ...errorsFlow, "app.ndjson": '{"level":"error"}\nno json\n{"level":"error"}\n' });
    const lenient = await caisson(["run", "flow.json", "--json"], { cwd, flags: enough });
    assertEquals(lenient.code, 0, lenient.stderr);
    const report = JSON.parse(lenient.stdout);
    assertEquals([report.in, report.out, report.failed], [3, 2, 1]);
    const strict = await caisson(["run", "flow.json", "--strict"], { cwd, flags: enough });
    assertEquals(strict.code, 1);
  });
});

Deno.test("a flow that writes to standard output keeps it for its events", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, {
      "app.ndjson": '{"n":1}\n{"n":2}\n',
      "flow.json": {
        name: "copy",
        connectors: {
          log: { type: "file", config: { path: "app.ndjson" }, preprocessors: ["separate"] },
          out: { type: "stdio", postprocessors: ["separate"] },
        },
        links: [{ from: "log", to: "out" }],
      },
    });
    const { code, stdout, stderr } = await caisson(["run", "flow.json"], { cwd, flags: ["--allow-read=."] });
    assertEquals(code, 0, stderr);
    assertEquals(stdout, '{"n":1}\n{"n":2}\n');
    assertStringIncludes(stderr, "2 in, 2 out");
  });
});

Deno.test({
  name: "SIGTERM stops reading, drains and ends with 0; everything that was read is written",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await inFolder(async (cwd) => {
      await writeFiles(cwd, {
        "flow.json": {
          name: "copy",
          connectors: {
            input: { type: "stdio", preprocessors: ["separate"] },
            out: { type: "file", config: { path: "out.ndjson" }, postprocessors: ["separate"] },
          },
          links: [{ from: "input", to: "out" }],
        },
      });
      const flags = ["--allow-read=flow.json", "--allow-write=out.ndjson"];
      const child = new Deno.Command(Deno.execPath(), {
        args: cliArgs(["run", "flow.json", "--json"], flags),
        cwd,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode('{"n":1}\n{"n":2}\n'));
      const written = (): string => {
        try {
          return Deno.readTextFileSync(`${cwd}/out.ndjson`);
        } catch {
          return "";
        }
      };
      const deadline = Date.now() + 20_000;
      while (written().length < 16 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill("SIGTERM");
      const { code, stdout, stderr } = await child.output();
      await writer.abort().catch(() => {});
      const text = new TextDecoder().decode(stderr);
      assertEquals(code, 0, text);
      assertStringIncludes(text, "draining");
      const report = JSON.parse(new TextDecoder().decode(stdout));
      assertEquals([report.state, report.in, report.out], ["stopped", 2, 2]);
      assertEquals(written(), '{"n":1}\n{"n":2}\n');
    });
  },
});

Deno.test("run --dry-run says all that is wrong, with its place in the file, and warns of patterns that may take for ever", async () => {
  await inFolder(async (cwd) => {
    const flow = (main: readonly unknown[]) =>
      JSON.stringify({
        name: "wrong",
        connectors: { a: { type: "stdio" }, b: { type: "stdio" } },
        pipelines: { main },
        links: [{ from: "a", to: "main" }, { from: "main", to: "b" }],
      });
    await writeFiles(cwd, { "flow.json": flow([{ filter: 1 }, { dedupe: { key: "id" } }]) });
    const wrong = await caisson(["run", "flow.json", "--dry-run", "--json"], { cwd, flags: enough });
    const { error, errors } = JSON.parse(wrong.stdout);
    assertEquals([wrong.code, error], [2, errors[0]]);
    assertEquals(
      errors.map(({ subject }: { subject: string }) => subject.replace(/^flow\.json:1:\d+: /, "")),
      ["pipelines.main[0].filter", "pipelines.main[1].dedupe.key"],
    );
    await writeFiles(cwd, { "flow.json": flow([{ filter: ["matches", ["field", "a"], "^(a+)+$"] }]) });
    const slow = await caisson(["run", "flow.json", "--dry-run"], { cwd, flags: enough });
    assertEquals(slow.code, 0, slow.stderr);
    assertMatch(slow.stderr, /^warning: flow\.json: pipelines\.main\[0\]\.filter\[2\]: /m);
  });
});

Deno.test("run --dry-run draws the flow and runs nothing", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, errorsFlow);
    const { code, stdout, stderr } = await caisson(["run", "flow.json", "--dry-run"], { cwd, flags: enough });
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /main {2}\(pipeline\)\n {4}filter .*\n {4}-> errors/);
    const mermaid = await caisson(["run", "flow.json", "--dry-run", "--mermaid"], { cwd, flags: enough });
    assertMatch(mermaid.stdout, /^flowchart LR\n[^]*n\d --> n\d/);
    const names = await Array.fromAsync(Deno.readDir(cwd), ({ name }) => name);
    assertEquals(names.includes("errors.ndjson"), false, "no sink was opened");
  });
});
