import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { commands } from "../../runtime/command/commands.ts";
import { referencePage } from "../../runtime/command/reference_page.ts";
import { caisson, cliArgs, inFolder } from "./cli.ts";

// deno-lint-ignore no-control-regex
const escapeSequence = /\x1b/;

Deno.test("help, version and usage errors need no permission and exit with 0 or 2", async () => {
  await inFolder(async (cwd) => {
    for (
      const [words, code, found] of [
        [["help"], 0, "Commands"],
        [["--help"], 0, "Commands"],
        [["-h"], 0, "Commands"],
        [["help", "run"], 0, "--strict"],
        [["help", "--json"], 0, '"commands"'],
        [["help", "--json", "run"], 0, '"name": "run"'],
        [["run", "--help"], 0, "--strict"],
        [["new", "-h"], 0, "--ts"],
        [["version"], 0, "C ABI"],
        [["--version"], 0, "C ABI"],
        [[], 2, "no command"],
        [["--bogus"], 2, '"--bogus" without a command'],
        [["rnu", "flow.json"], 2, "Did you mean caisson run?"],
        [["run"], 2, "no FLOW"],
        [["run", "a.json", "b.json"], 2, 'one argument too many: "b.json"'],
        [["run", "a.json", "--strct"], 2, "Did you mean --strict?"],
        [["run", "a.json", "--grants"], 2, "no value for --grants"],
        [["run", "a.json", "--grants", "--strict"], 2, "no value for --grants"],
        [["run", "a.json", "--grants", "a", "--grants", "b"], 2, "--grants twice"],
        [["run", "a.json", "--strict=yes"], 2, "a value for --strict"],
        [["run", "a.json", "--drain", "soon"], 2, "--drain soon"],
        [["new", "flow", "x", "--ts"], 2, '"flow"'],
        [["new", "plugin", "x"], 2, "one of --ts, --c, --rust"],
        [["new", "plugin", "x", "--ts", "--c"], 2, "--ts and --c"],
        [["new", "plugin", "../x", "--ts"], 2, 'the name "../x"'],
        [["new", "plugin", "x", "--ts", "--kind", "both"], 2, '"both"'],
      ] as const
    ) {
      const result = await caisson(words, { cwd });
      assertEquals(result.code, code, `${words.join(" ")}: ${result.stderr}`);
      assertStringIncludes(code === 0 || result.stdout !== "" ? result.stdout : result.stderr, found);
      // Data on one stream, everything else on the other.
      assertEquals(code === 0 ? result.stderr : result.stdout, "");
    }
  });
});

Deno.test("every command has help", async () => {
  await inFolder(async (cwd) => {
    for (const { name, options } of commands) {
      const { code, stdout } = await caisson(["help", name], { cwd });
      assertEquals(code, 0);
      for (const option of Object.keys(options)) assertStringIncludes(stdout, `--${option}`);
    }
  });
});

Deno.test("with --json an error is one document on standard output, with the same exit code", async () => {
  await inFolder(async (cwd) => {
    const { code, stdout, stderr } = await caisson(["rnu", "--json"], { cwd });
    assertEquals(code, 2);
    assertEquals(stderr, "");
    const { error } = JSON.parse(stdout);
    assertEquals(error.code, "CAISSON_USAGE");
    assertEquals(error.action, "Did you mean caisson run?");
  });
});

Deno.test("output that is no terminal has no escape sequences", async () => {
  await inFolder(async (cwd) => {
    const { stdout, stderr } = await caisson(["rnu"], { cwd });
    assert(!escapeSequence.test(stdout + stderr));
  });
});

Deno.test({
  name: "at a terminal errors are coloured, with NO_COLOR they are not",
  // Only util-linux's `script` takes a command in this form.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const [NO_COLOR, coloured] of [["", true], ["1", false]] as const) {
      const line = [Deno.execPath(), ...cliArgs(["rnu"])].map((word) => `'${word}'`).join(" ");
      const { stdout } = await new Deno.Command("script", {
        args: ["--quiet", "--return", "--command", line, "/dev/null"],
        env: { NO_COLOR, TERM: "xterm" },
        stdin: "null",
        signal: AbortSignal.timeout(30_000),
      }).output();
      const text = new TextDecoder().decode(stdout);
      assertStringIncludes(text, "CAISSON_USAGE");
      assertEquals(escapeSequence.test(text), coloured, text);
    }
  },
});

Deno.test("docs/cli.md is what caisson help --markdown prints", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/cli.md", import.meta.url));
  assertEquals(page, referencePage(), "write it anew: caisson help --markdown > docs/cli.md");
});

Deno.test("options of every command are unique and described without a full stop", () => {
  for (const { name, options, summary } of commands) {
    for (const text of [summary, ...Object.values(options).map(({ description }) => description)]) {
      assert(!text.endsWith("."), `${name}: ${text}`);
    }
  }
});
