/** Starts a plugin's process through the launcher, which holds it to its policy. @module */
import { findSandbox } from "../../permissions/sandbox/find_sandbox.ts";
import { sandboxArguments, type SandboxPolicy } from "../../permissions/sandbox/policy.ts";
import type { PartContext } from "../connector/contract.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { ProcessCommand } from "./process_link.ts";

/** What holds a process to a policy. */
export interface ProcessSandbox {
  /** The launcher. */
  readonly launcher: string;
  /** What the process may do. */
  readonly policy: SandboxPolicy;
}

/** What starts the process inside the sandbox. Its last argument tells it to confine itself before the plugin's code runs. */
export function sandboxedCommand(process: ProcessCommand, sandbox: ProcessSandbox, memory: string): ProcessCommand {
  const { command, args } = process;
  return {
    ...process,
    command: sandbox.launcher,
    args: [...sandboxArguments(sandbox.policy, memory), command, ...args, "confine"],
  };
}

const warned = new Set<string>();

/**
 * The sandbox of a TypeScript plugin; `undefined`, and one warning for each reason, where this machine has none: Deno's own
 * permissions are left.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`
 */
export async function sandboxForModule(
  plan: () => Promise<SandboxPolicy>,
  { context, cacheFolder }: { readonly context: PartContext; readonly cacheFolder?: string | undefined },
): Promise<ProcessSandbox | undefined> {
  const found = await findSandbox({ cacheFolder });
  if ("launcher" in found) return { launcher: found.launcher, policy: await plan() };
  if (!warned.has(found.missing)) {
    warned.add(found.missing);
    context.log(
      "warning",
      `level process: TypeScript plugins are held by Deno's permissions alone, because of ${found.missing}. ${found.action}`,
    );
  }
  return undefined;
}

/**
 * The sandbox of a native plugin.
 *
 * @throws {CaissonError} `CAISSON_SANDBOX_MISSING` where this machine has none: nothing else would hold the plugin
 */
export async function sandboxForLibrary(
  plugin: string,
  plan: () => Promise<SandboxPolicy>,
  { cacheFolder }: { readonly cacheFolder?: string | undefined },
): Promise<ProcessSandbox> {
  const found = await findSandbox({ cacheFolder });
  if ("launcher" in found) return { launcher: found.launcher, policy: await plan() };
  throw new CaissonError("CAISSON_SANDBOX_MISSING", {
    subject: plugin,
    found: found.missing,
    allowed: "a sandbox for native code that nobody reviewed",
    action: `${found.action} Or, after a review, set "unsandboxed": true in its grant.`,
  });
}
