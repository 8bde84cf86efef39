/** `caisson doctor`. @module */
import { findCompiler } from "../../ffi/compiler.ts";
import { findSandbox } from "../../permissions/sandbox/find_sandbox.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { assertSandboxSound } from "../isolation/canary.ts";
import type { Invocation, Outcome } from "./command.ts";
import { formatColumns } from "./columns.ts";
import { requireNeeds } from "./host_need.ts";
import { commandCache } from "./plan.ts";
import { sandboxNeeds, supportNeeds, supportPrograms } from "./support_programs.ts";

/** What came of one check: `weaker` works, with less protection or later work than there could be. */
interface Finding {
  readonly check: string;
  readonly state: "fine" | "weaker" | "broken";
  readonly found: string;
  /** What to do about it. */
  readonly action?: string;
}

/** Oldest Deno whose permissions were measured. */
const DENO_LEAST = [2, 9];

/** Looks at everything, whatever is broken. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const { program, words } = invocation;
  const cacheFolder = commandCache(invocation);
  requireNeeds(supportNeeds(cacheFolder, program), { program, words, first: true });
  requireNeeds([...supportNeeds(cacheFolder, program), ...await sandboxNeeds(cacheFolder)], { program, words });
  const findings: Finding[] = [
    checkDeno(),
    await checked("workers", async () => {
      await assertSandboxSound();
      return { state: "fine", found: "a Worker without permissions can do nothing" };
    }),
    await checked("compiler", async () => {
      const { command, version } = await findCompiler();
      return { state: "fine", found: `${command.join(" ")}: ${version}` };
    }),
  ];
  for (const { name, purpose, build } of supportPrograms()) {
    findings.push(
      await checked(name, async () => {
        const file = await build({ cacheFolder });
        return { state: "fine", found: `${purpose}: ${file}` };
      }),
    );
  }
  findings.push(await checked("sandbox", () => checkSandbox(cacheFolder)));
  // Once everything is compiled nobody needs a compiler, but for plugins of their own.
  const compiler = findings.findIndex(({ check }) => check === "compiler");
  const needed = findings.some(({ check, state }) =>
    state === "broken" && supportPrograms().some((p) => p.name === check)
  );
  if (findings[compiler]!.state === "broken" && !needed) {
    findings[compiler] = { ...findings[compiler]!, state: "weaker" };
  }
  const broken = findings.filter(({ state }) => state === "broken");
  const level = findings.some(({ check, state }) => check === "sandbox" && state === "fine") ? "sandbox" : "process";
  return {
    exit: broken.length === 0 ? 0 : 1,
    text: [
      formatColumns(["check", "", "found"], findings.map(({ check, state, found }) => [check, state, found])),
      "",
      `Plugins in processes of their own reach level ${level}.`,
      ...findings.flatMap(({ check, action }) => action === undefined ? [] : [`${check}: ${action}`]),
    ].join("\n"),
    document: { level, findings },
  };
}

async function checked(
  check: string,
  look: () => Promise<Omit<Finding, "check">>,
): Promise<Finding> {
  try {
    return { check, ...await look() };
  } catch (error) {
    const action = error instanceof CaissonError ? error.action : undefined;
    const found = error instanceof CaissonError ? error.found : messageOf(error);
    return { check, state: "broken", found, ...(action === undefined ? {} : { action }) };
  }
}

function checkDeno(): Finding {
  const { deno } = Deno.version;
  const [major = 0, minor = 0] = deno.split(".").map(Number);
  const old = major < DENO_LEAST[0]! || major === DENO_LEAST[0] && minor < DENO_LEAST[1]!;
  return old
    ? { check: "deno", state: "broken", found: deno, action: `Install Deno ${DENO_LEAST.join(".")} or newer.` }
    : { check: "deno", state: "fine", found: deno };
}

/** Asks the kernel, and then tries: what nobody allowed must not be read. */
async function checkSandbox(cacheFolder: string): Promise<Omit<Finding, "check">> {
  const sandbox = await findSandbox({ cacheFolder });
  if (!("launcher" in sandbox)) return { state: "weaker", found: sandbox.missing, action: sandbox.action };
  const { success, stderr } = await new Deno.Command(sandbox.launcher, {
    args: ["--", "/bin/sh", "-c", ": < /etc/passwd"],
    clearEnv: true,
    // Its messages are compared.
    env: { LC_ALL: "C" },
    stdin: "null",
    stdout: "null",
  }).output();
  const said = new TextDecoder().decode(stderr).trimEnd();
  if (success || !said.toLowerCase().includes("permission denied")) {
    return {
      state: "broken",
      found: success ? "a file that nobody allowed could be read" : `a sandboxed shell said: ${said}`,
      action: "Report this machine's kernel; run no plugin that nobody reviewed on it.",
    };
  }
  const ports = sandbox.landlock < 4 ? ", without ports" : "";
  const scopes = sandbox.landlock < 6 ? ", signals by seccomp alone" : "";
  return {
    state: ports === "" ? "fine" : "weaker",
    found: `Landlock ${sandbox.landlock}${ports}${scopes}, seccomp; a file that nobody allowed could not be read`,
    ...(ports === "" ? {} : { action: "Use Linux 6.7 or newer: plugins that are granted ports are refused before." }),
  };
}
