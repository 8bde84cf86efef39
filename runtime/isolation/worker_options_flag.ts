/** Whether this process was started with the unstable feature that Worker permissions need. @module */
import { ChildProcess, fork } from "node:child_process";

/**
 * Whether Worker permissions can be used: `undefined` when it cannot be found out.
 *
 * Without the feature, Deno ends the whole process with exit code 70 at the first restricted Worker, and nothing can catch
 * that. Deno has no question for it, but `fork` of `node:child_process` puts the flags of this process into a child's
 * command line; so one is prepared, read, and never started. Nothing is awaited in between, and everything is put back.
 */
export function hasWorkerOptions(): boolean | undefined {
  const child = ChildProcess.prototype as unknown as {
    spawn: (options: { readonly args?: unknown }) => unknown;
  };
  const { spawn } = child;
  const { get } = Deno.env;
  let line: unknown;
  try {
    child.spawn = (options) => {
      line = options.args;
      return 0;
    };
    // It looks for NODE_V8_COVERAGE, which would need --allow-env.
    Deno.env.get = () => undefined;
    fork("caisson", [], { env: {}, execPath: "deno" });
  } catch {
    return undefined;
  } finally {
    child.spawn = spawn;
    Deno.env.get = get;
  }
  if (!Array.isArray(line) || !line.includes("run")) return undefined;
  return line.includes("--unstable-worker-options") || line.includes("--unstable");
}
