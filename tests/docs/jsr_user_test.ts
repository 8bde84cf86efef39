/** The whole way of somebody who has Deno, a C compiler and nothing of this repository. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { removeTree } from "../../permissions/store.ts";

/** The module cache this run uses: a user's own would download the npm packages first. */
async function moduleCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

const flow = (type: string, config: Record<string, unknown>) => ({
  name: type,
  connectors: {
    input: { type, config },
    output: { type: "file", config: { path: `${type}.ndjson` }, postprocessors: ["separate"] },
  },
  links: [{ from: "input", to: "output" }],
});

Deno.test({
  name:
    "from an empty folder: add the runtime, set it up, install plugins, grant, run one in a guard and one in a runner",
  ignore: Deno.build.os === "windows",
  async fn() {
    const home = await Deno.realPath(await Deno.makeTempDir({ prefix: "caisson-user-" }));
    const cwd = join(home, "work");
    await Deno.mkdir(cwd);
    const env: Record<string, string> = {
      HOME: home,
      DENO_INSTALL_ROOT: join(home, ".deno"),
      PATH: [join(home, ".deno", "bin"), dirname(Deno.execPath()), "/usr/local/bin", "/usr/bin", "/bin"].join(":"),
      NO_COLOR: "1",
      DENO_DIR: await moduleCache(),
    };
    for (const name of ["JSR_URL", "NPM_CONFIG_REGISTRY", "HTTPS_PROXY", "SSL_CERT_FILE", "DENO_COVERAGE_DIR"]) {
      const value = Deno.env.get(name);
      if (value !== undefined) env[name] = value;
    }
    const sh = async (line: string): Promise<string> => {
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: ["-euc", line],
        cwd,
        env,
        clearEnv: true,
        stdin: "null",
        signal: AbortSignal.timeout(120_000),
      }).output();
      const text = new TextDecoder();
      const output = text.decode(stdout) + text.decode(stderr);
      assertEquals(code, 0, `${line}\n${output}`);
      return output;
    };
    try {
      await sh(
        "deno install --quiet --global --name caisson --no-prompt --unstable-worker-options " +
          "--allow-read --allow-write --allow-run --allow-ffi --allow-net --allow-env jsr:@caisson/runtime@^0.1.0/cli",
      );
      await sh("caisson setup");
      // A plugin from the registry; it asks for nothing, so it runs in a guard at once.
      assertStringIncludes(
        await sh("caisson install jsr:@caisson/metronome@^0.1.0"),
        "@caisson/metronome 0.1.0 sha256-",
      );
      await Deno.writeTextFile(
        join(cwd, "ticks.json"),
        JSON.stringify(flow("metronome", { interval_ms: 1, count: 3 })),
      );
      // One that asks for something has to be granted it.
      await sh("caisson install jsr:@caisson/http-poll@^0.1.0");
      assertStringIncludes(await sh("caisson plugins"), "CAISSON_GRANT_MISSING");
      await sh("caisson grant @caisson/http-poll --net=192.0.2.1:443");
      await sh("caisson why @caisson/http-poll net 192.0.2.1:443");
      // A native one, from a folder; it asks for nothing either, so it runs in a runner.
      await sh("caisson new plugin --c counter && caisson build counter && caisson install ./counter");
      await Deno.remove(join(cwd, "counter"), { recursive: true });
      await Deno.writeTextFile(join(cwd, "counts.json"), JSON.stringify(flow("counter", { count: 3 })));
      const listed = await sh("caisson plugins");
      for (const text of ["@caisson/metronome", "guard", "counter", "runner"]) assertStringIncludes(listed, text);
      for (const [file, type] of [["ticks", "metronome"], ["counts", "counter"]]) {
        // With the permissions that are printed, and no others.
        await sh(`caisson flags ${file}.json > ${file}.sh && sh ${file}.sh`);
        const lines = (await Deno.readTextFile(join(cwd, `${type}.ndjson`))).trim().split("\n");
        assertEquals(lines.length, 3);
      }
      const { records } = JSON.parse(await sh("caisson audit --json --kind load"));
      assertEquals(records.map(({ isolation }: { isolation: string }) => isolation), ["guard", "runner"]);
    } finally {
      await removeTree(join(cwd, ".caisson", "store"));
      await Deno.remove(home, { recursive: true });
    }
  },
});
