import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { caisson, inFolder } from "./cli.ts";

interface Ready {
  readonly ready: readonly { readonly name: string; readonly file: string; readonly sha256: string }[];
}

interface Doctor {
  readonly level: string;
  readonly findings: readonly { readonly check: string; readonly state: string; readonly found: string }[];
}

Deno.test("setup compiles everything once; doctor finds it, and finds out what somebody changed", async () => {
  await inFolder(async (cwd) => {
    const options = { cwd, flags: ["--allow-all"] };
    const first = await caisson(["setup", "--json", "--cache", "cache"], options);
    assertEquals(first.code, 0, first.stderr);
    const { ready } = JSON.parse(first.stdout) as Ready;
    const second = await caisson(["setup", "--json", "--cache", "cache"], options);
    assertEquals(second.stdout, first.stdout);

    const well = await caisson(["doctor", "--json", "--cache", "cache"], options);
    assertEquals(well.code, 0, well.stdout);
    const { level, findings } = JSON.parse(well.stdout) as Doctor;
    for (const { name } of ready) assertEquals(findings.find(({ check }) => check === name)?.state, "fine");
    const sandbox = findings.find(({ check }) => check === "sandbox")!;
    assertEquals(level, sandbox.state === "fine" ? "sandbox" : "process", sandbox.found);

    const { file } = ready.find(({ name }) => name === "runner")!;
    await Deno.writeFile(file, new TextEncoder().encode("changed"), { append: true });
    for (const command of ["doctor", "setup"]) {
      const changed = await caisson([command, "--cache", "cache"], options);
      assert(changed.code !== 0, command);
      assertStringIncludes(changed.stdout + changed.stderr, "Find out who changed it");
    }
    // What nobody knows to be whole is built again.
    await Deno.remove(`${file}.sha256`);
    const again = await caisson(["setup", "--json", "--cache", "cache"], options);
    assertEquals(again.stdout, first.stdout, again.stderr);
  });
});

Deno.test("without a compiler setup and doctor say within a second what to install", async () => {
  await inFolder(async (cwd) => {
    // No program is found along an empty path.
    const options = { cwd, flags: ["--allow-all"], env: { PATH: cwd, CC: "" } };
    const setup = await caisson(["setup", "--cache", "cache"], options);
    assertEquals(setup.code, 1);
    assertStringIncludes(setup.stderr, "apt-get install gcc");
    const doctor = await caisson(["doctor", "--cache", "cache"], options);
    assertEquals(doctor.code, 1);
    assertStringIncludes(doctor.stdout, "apt-get install gcc");
    assertStringIncludes(doctor.stdout, "reach level process");
  });
});

Deno.test("setup and doctor name every permission they lack", async () => {
  await inFolder(async (cwd) => {
    for (const command of ["setup", "doctor"]) {
      const { code, stderr } = await caisson([command, "--cache", "cache"], { cwd });
      assertEquals(code, 4, stderr);
      for (const flag of ["--allow-read=", "--allow-write=cache", "--allow-run="]) assertStringIncludes(stderr, flag);
    }
  });
});
