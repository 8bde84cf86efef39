/** Permissions that change while an instance is being started. */
import { assertEquals } from "@std/assert";
import { noAuditLog } from "../../permissions/audit_log.ts";
import type { EffectivePermissions } from "../../permissions/effective.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { RegisteredPlugin } from "../../runtime/registered_plugin.ts";
import { RunningPlugin } from "../../runtime/running_plugin.ts";

const holding = (net: string[]): EffectivePermissions => ({
  net,
  read: ["/p"],
  write: false,
  env: false,
  sys: false,
  run: false,
  ffi: false,
  import: false,
});

const reason = new CaissonError("CAISSON_PERMISSION_REVOKED", { subject: "p", found: "- net a.com" });

function running(): RunningPlugin {
  const plugin = {
    package: { manifest: { name: "p" } },
    permissions: holding(["a.com"]),
    flowPermissions: new Map(),
  } as unknown as RegisteredPlugin;
  return new RunningPlugin({ plugin, instance: 1, connector: "f/c", flow: "f", audit: noAuditLog });
}

/** What a Worker or process is to it, with what became of it. */
function link() {
  const failures: CaissonError[] = [];
  const failed: ((error: CaissonError) => void)[] = [];
  return {
    failures,
    fail(error: CaissonError) {
      failures.push(error);
      for (const listener of failed.splice(0)) listener(error);
    },
    onFailed: (listener: (error: CaissonError) => void) => void failed.push(listener),
    onDenied() {},
  };
}

Deno.test("a process that was started with permissions that are gone by then is ended before it loads anything", () => {
  const instance = running();
  assertEquals(instance.permissionsForStart().net, ["a.com"]);
  instance.narrow(holding(["b.com"]), reason);
  // Asked again during the same start: what came first counts.
  assertEquals(instance.permissionsForStart().net, ["b.com"]);
  const late = link();
  instance.hosted(late);
  assertEquals(late.failures, [reason]);
  instance.permissionsForStart();
  const next = link();
  instance.hosted(next);
  assertEquals(next.failures, []);
});

Deno.test("what runs is ended once, and what is started after a revocation at once", () => {
  const instance = running();
  instance.permissionsForStart();
  const first = link();
  instance.hosted(first);
  instance.narrow(holding([]), reason);
  assertEquals(first.failures, [reason]);
  instance.permissionsForStart();
  const second = link();
  instance.hosted(second);
  instance.revoke(reason);
  instance.permissionsForStart();
  const third = link();
  instance.hosted(third);
  assertEquals([first, second, third].map(({ failures }) => failures.length), [1, 1, 1]);
});
