import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type LocalPackage, serveRegistry } from "../../scripts/offline/registry.ts";
import { standIns } from "../../scripts/offline/stand_ins.ts";
import { workingTreePackages } from "../../scripts/offline/working_tree.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const RUN = join(ROOT, "scripts/offline/run.ts");

interface Outcome {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function deno(
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; clearEnv?: boolean } = {},
): Promise<Outcome> {
  const { code, signal, stdout, stderr } = await new Deno.Command(
    Deno.execPath(),
    { args, ...options, stdin: "null" },
  ).output();
  const decoder = new TextDecoder();
  return {
    code,
    signal,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** A folder outside the repository with a program and an empty module cache. */
async function userFolder(source: string): Promise<
  AsyncDisposable & {
    path: string;
    env: Record<string, string>;
  }
> {
  const path = await Deno.makeTempDir();
  await Deno.writeTextFile(join(path, "main.ts"), source);
  return {
    path,
    env: { DENO_DIR: join(path, "cache"), NO_COLOR: "1" },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

function onePackage(source: string): LocalPackage {
  const encoder = new TextEncoder();
  return {
    name: "@fixture/greet",
    version: "1.2.3",
    exports: { ".": "./mod.ts", "./loud": "./src/loud.ts" },
    files: new Map([
      ["/mod.ts", encoder.encode(source)],
      [
        "/src/loud.ts",
        encoder.encode(
          `import { greet } from "../mod.ts"; export const loud = greet.toUpperCase();`,
        ),
      ],
    ]),
  };
}

Deno.test("a program outside the repository imports its packages from jsr:", async () => {
  const packages = [...await standIns(), ...await workingTreePackages(ROOT)];
  await using registry = await serveRegistry(packages);
  await using user = await userFolder(`
    import type { Plugin } from "jsr:@caisson/plugin@^0.1.0";
    import { join } from "jsr:@std/path@^1.0.0";
    import { CaissonError } from "jsr:@caisson/runtime@^0.1.0";
    const plugin: Plugin = {};
    console.log(join("a", "b"), typeof CaissonError, Object.keys(plugin).length);
  `);
  const outcome = await deno(["run", "--check", "main.ts"], {
    cwd: user.path,
    env: { ...user.env, JSR_URL: registry.url },
  });
  assertEquals(outcome.stdout, `${join("a", "b")} function 0\n`, outcome.stderr);
});

Deno.test("published sources hold no bare name of the import map", async () => {
  const packages = await workingTreePackages(ROOT);
  const decoder = new TextDecoder();
  const names = packages.map(({ name }) => name);
  assertEquals(names.includes("@caisson/runtime"), true);
  assertEquals(names.includes("@caisson/plugin"), true);
  for (const { name, files } of packages) {
    for (const [path, bytes] of files) {
      if (!path.endsWith(".ts")) continue;
      const source = decoder.decode(bytes);
      const bare = source.match(/^import .* from "(zod|@std|@caisson).*$/m);
      assertEquals(bare, null, `${name}${path}`);
    }
  }
});

Deno.test("a package has several modules and entry points", async () => {
  await using registry = await serveRegistry([
    onePackage(`export const greet: string = "hello";`),
  ]);
  await using user = await userFolder(
    `import { loud } from "jsr:@fixture/greet@^1/loud"; console.log(loud);`,
  );
  const outcome = await deno(["run", "main.ts"], {
    cwd: user.path,
    env: { ...user.env, JSR_URL: registry.url },
  });
  assertEquals(outcome.stdout, "HELLO\n", outcome.stderr);
});

Deno.test("a changed source of the same version is not answered from the cache", async () => {
  await using user = await userFolder(
    `import { greet } from "jsr:@fixture/greet@^1"; console.log(greet);`,
  );
  const printed: string[] = [];
  for (const word of ["first", "second"]) {
    await using registry = await serveRegistry([
      onePackage(`export const greet: string = "${word}";`),
    ]);
    const outcome = await deno(["run", "main.ts"], {
      cwd: user.path,
      env: { ...user.env, JSR_URL: registry.url },
    });
    printed.push(outcome.stdout);
  }
  assertEquals(printed, ["first\n", "second\n"]);
});

Deno.test("two registries run at the same time", async () => {
  await using first = await serveRegistry([onePackage("export {};")]);
  await using second = await serveRegistry([onePackage("export {};")]);
  assertEquals(new URL(first.url).port === new URL(second.url).port, false);
  const answer = await fetch(new URL("@fixture/greet/meta.json", second.url));
  assertEquals(await answer.json(), { versions: { "1.2.3": {} } });
});

Deno.test("the registry answers 404 to what it does not have", async () => {
  await using registry = await serveRegistry([onePackage("export {};")]);
  for (const path of ["@std/none/meta.json", "/@fixture/greet/meta.json"]) {
    const answer = await fetch(new URL(path, registry.url));
    await answer.body?.cancel();
    assertEquals(answer.status, 404, path);
  }
});

/** Runs the runner with `JSR_URL` set, so that it neither probes nor serves. */
async function runner(args: string[]): Promise<Outcome> {
  return await deno(["run", "--no-lock", "-A", RUN, ...args], {
    env: { JSR_URL: "http://127.0.0.1:9/", NO_COLOR: "1" },
  });
}

Deno.test("the runner passes on output and exit code", async () => {
  const outcome = await runner(["deno", "eval", "console.log('hi'); Deno.exit(7)"]);
  assertEquals([outcome.stdout, outcome.code], ["hi\n", 7]);
});

Deno.test("the runner leaves a JSR_URL that is set alone", async () => {
  const { stdout } = await runner([
    "deno",
    "eval",
    "console.log(Deno.env.get('JSR_URL'))",
  ]);
  assertEquals(stdout, "http://127.0.0.1:9/\n");
});

Deno.test("the runner's deno is first on the path of what it starts", async () => {
  // As under `npx`, where no folder on the path holds deno.
  const { stdout, stderr } = await deno(
    [
      "run",
      "--no-lock",
      "-A",
      RUN,
      "deno",
      "eval",
      `
      const { stdout } = await new Deno.Command("deno", { args: ["--version"] }).output();
      console.log(new TextDecoder().decode(stdout).split("\\n")[0]);
    `,
    ],
    {
      clearEnv: true,
      env: {
        JSR_URL: "http://127.0.0.1:9/",
        PATH: "",
        HOME: Deno.env.get("HOME") ?? "",
      },
    },
  );
  assertMatch(stdout, new RegExp(`^deno ${Deno.version.deno}`), stderr);
});

Deno.test("the runner names a command that is not there", async () => {
  const outcome = await runner(["no-such-command-anywhere"]);
  assertEquals(outcome.code, 127);
  assertStringIncludes(outcome.stderr, "no-such-command-anywhere");
});

Deno.test({
  name: "the runner passes on a signal",
  ignore: Deno.build.os === "windows",
  async fn() {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-lock",
        "-A",
        RUN,
        "deno",
        "eval",
        `
        Deno.addSignalListener("SIGTERM", () => {
          console.log("stopped");
          Deno.exit(5);
        });
        console.log("ready");
        setInterval(() => {}, 1000);
      `,
      ],
      env: { JSR_URL: "http://127.0.0.1:9/" },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let output = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      output += decoder.decode(chunk);
      if (output === "ready\n") child.kill("SIGTERM");
    }
    assertEquals([output, (await child.status).code], ["ready\nstopped\n", 5]);
  },
});

Deno.test("the runner decides once, also for the runs inside of it", async () => {
  const show = `console.log(JSON.stringify([
    Deno.env.get("JSR_URL"), Deno.env.get("CAISSON_JSR_REACHABLE"),
  ]))`;
  const env = Deno.env.toObject();
  delete env["JSR_URL"];
  delete env["CAISSON_JSR_REACHABLE"];
  const { stdout, stderr } = await deno(
    [
      "run",
      "--no-lock",
      "-A",
      RUN,
      "deno",
      "eval",
      `
      ${show};
      await new Deno.Command("deno", {
        args: ["run", "--no-lock", "-A", ${JSON.stringify(RUN)}, "deno", "eval",
          ${JSON.stringify(show)}],
      }).spawn().status;
    `,
    ],
    { clearEnv: true, env: { ...env, NO_COLOR: "1" } },
  );
  const [outer, inner] = stdout.trim().split("\n")
    .map((line) => JSON.parse(line) as (string | null)[]);
  assertEquals(inner, outer, stderr);
  assertEquals(outer?.filter((value) => value !== null).length, 1, stderr);
});
