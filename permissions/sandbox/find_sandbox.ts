/** Whether this machine can hold a process to a policy, and what does it. @module */
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { buildLauncher, type BuildLauncherOptions } from "./build_launcher.ts";

/** A launcher that answered. */
export interface Sandbox {
  /** The program. */
  readonly launcher: string;
  /** Version of Landlock in this kernel. */
  readonly landlock: number;
}

/** Why there is no sandbox here. */
export interface NoSandbox {
  /** In words, for an operator. */
  readonly missing: string;
  /** What would help. */
  readonly action: string;
}

/** Truncating a file is a right of its own from here on: before, it could not be refused. */
const LANDLOCK_LEAST = 3;

const found = new Map<string, Promise<Sandbox | NoSandbox>>();

/**
 * Builds the launcher where that is needed, and asks it what the kernel can do. The answer is kept.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` when the host may not run it, `CAISSON_BUILD_FAILED`
 */
export function findSandbox(options: BuildLauncherOptions = {}): Promise<Sandbox | NoSandbox> {
  const key = options.cacheFolder ?? "";
  const known = found.get(key);
  if (known !== undefined) return known;
  const finding = find(options);
  found.set(key, finding);
  finding.catch(() => found.delete(key));
  return finding;
}

async function find(options: BuildLauncherOptions): Promise<Sandbox | NoSandbox> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || (arch !== "x86_64" && arch !== "aarch64")) {
    return { missing: `no sandbox for ${os} on ${arch}`, action: "Run the host on Linux, x86-64 or aarch64." };
  }
  let launcher: string;
  try {
    launcher = await buildLauncher(options);
  } catch (error) {
    if (!(error instanceof CaissonError) || error.code !== "CAISSON_COMPILER_MISSING") throw error;
    return { missing: "no C compiler to build the sandbox's launcher with", action: error.action ?? "Install gcc." };
  }
  const { landlock, seccomp } = await probe(launcher);
  if (landlock < LANDLOCK_LEAST) {
    return {
      missing: landlock === 0 ? "a kernel without Landlock" : `a kernel with Landlock ${landlock}`,
      action: `Use Linux 6.2 or newer, with landlock in /sys/kernel/security/lsm.`,
    };
  }
  if (!seccomp) {
    return { missing: "a kernel without seccomp filters", action: "Use a kernel with CONFIG_SECCOMP_FILTER." };
  }
  return { launcher, landlock };
}

async function probe(launcher: string): Promise<{ landlock: number; seccomp: boolean }> {
  try {
    const { stdout } = await new Deno.Command(launcher, {
      args: ["--probe"],
      clearEnv: true,
      stdin: "null",
      stderr: "null",
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: "sandbox",
      found: cause.message,
      allowed: `--allow-run=${launcher}`,
      action: `Start the host with --allow-run=${launcher}.`,
      cause,
    });
  }
}
