/** Proves, once in a process, that Worker permissions hold before any plugin relies on them. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { noPermissions, startWorker, workerPermissionKeys } from "./start_worker.ts";
import { hasWorkerOptions } from "./worker_options_flag.ts";

/** Generous: under `deno test` the first Worker of a process is type-checked first. */
const TIMEOUT_MS = 30_000;

let proof: Promise<void> | undefined;

/**
 * Starts a Worker that is granted nothing and checks that it really has nothing. Later calls return the first success.
 *
 * @throws {CaissonError} `CAISSON_SANDBOX_UNSOUND` when a restriction does not hold, a permission broker is set, or the
 * process was started without the feature `worker-options`
 */
export function assertSandboxSound(): Promise<void> {
  return proof ??= prove().catch((error) => {
    proof = undefined;
    throw error;
  });
}

function unsound(found: string, allowed: string, action?: string): CaissonError {
  return new CaissonError("CAISSON_SANDBOX_UNSOUND", {
    subject: "Worker permissions",
    found,
    allowed,
    ...(action === undefined ? {} : { action }),
  });
}

function brokerPath(): string | undefined {
  const name = "DENO_PERMISSION_BROKER_PATH";
  // Asking costs nothing and never prompts; where the variable cannot be read, the attempts below still show it.
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") {
    return undefined;
  }
  return Deno.env.get(name);
}

async function prove(): Promise<void> {
  if (brokerPath() !== undefined) {
    throw unsound(
      "DENO_PERMISSION_BROKER_PATH is set: the broker decides for every Worker, whatever it was granted",
      "no permission broker",
    );
  }
  if (hasWorkerOptions() === false) {
    throw unsound(
      "Deno was started without worker-options, and would end this process at the first restricted Worker",
      'the unstable feature "worker-options"',
      'Add "unstable": ["worker-options"] to deno.json, or start with deno run --unstable-worker-options.',
    );
  }
  // At a terminal Deno would ask whoever sits there whether the attempt is allowed, unless it runs with --no-prompt, which
  // nobody can find out.
  const attempts = !(Deno.stdin.isTerminal() && Deno.stderr.isTerminal());
  const report = await runCanary(attempts);
  for (const key of workerPermissionKeys) {
    const state = report.states[key];
    if (state !== "prompt" && state !== "denied") {
      throw unsound(`a Worker without permissions has ${key}: ${state}`, "prompt or denied");
    }
  }
  if (!attempts) return;
  for (const [attempt, outcome] of [["a file", report.read], ["the environment", report.env]]) {
    if (outcome !== "NotCapable") {
      throw unsound(
        `a Worker without permissions tried to read ${attempt}: ${outcome}`,
        "NotCapable",
      );
    }
  }
}

interface CanaryReport {
  readonly states: Readonly<Record<string, unknown>>;
  readonly read?: unknown;
  readonly env?: unknown;
}

async function runCanary(attempts: boolean): Promise<CanaryReport> {
  const { promise, resolve, reject } = Promise.withResolvers<CanaryReport>();
  const worker = startWorker({
    url: import.meta.resolve("./canary_worker.ts"),
    name: "caisson canary",
    plugin: "canary",
    permissions: noPermissions,
    onError: (message) => reject(unsound(`the canary failed: ${message}`, "a report")),
  });
  const timer = setTimeout(
    () => reject(unsound(`the canary was silent for ${TIMEOUT_MS} ms`, "a report")),
    TIMEOUT_MS,
  );
  worker.addEventListener("message", (event) => resolve(event.data));
  worker.postMessage({ attempts });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}
