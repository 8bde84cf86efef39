/** Runs in the canary Worker: reports what it may do. It has only this file; nothing of a plugin is loaded. @module */

const scope = globalThis as unknown as {
  postMessage(message: unknown): void;
  onmessage: (event: MessageEvent<{ readonly attempts: boolean }>) => void;
};
const names = ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const;

function tryRead(): string {
  try {
    // This file exists and the host could read it, so only the permission can be what stands in the way.
    Deno.readTextFileSync(new URL(import.meta.url.split("?")[0]!));
    return "read";
  } catch (error) {
    return (error as Error).name;
  }
}

function tryEnv(): string {
  try {
    Deno.env.get("PATH");
    return "read";
  } catch (error) {
    return (error as Error).name;
  }
}

// Waits to be asked: a Worker with nothing left to do ends, and what it has just posted may be lost with it.
scope.onmessage = ({ data: { attempts } }) => {
  const states: Record<string, string> = {};
  for (const name of names) {
    states[name] = Deno.permissions.querySync({ name }).state;
  }
  if (!attempts) return scope.postMessage({ states });
  scope.postMessage({
    states,
    // A module that came from a registry has no path to read.
    read: import.meta.url.startsWith("file:") ? tryRead() : tryEnv(),
    env: tryEnv(),
  });
};
