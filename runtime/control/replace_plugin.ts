/** Exchanges a plugin for another version of it in every flow that runs. @module */
import type { AuditLog } from "../../permissions/audit_log.ts";
import type { ComponentRequest } from "../flow/node_builder.ts";
import { messageOf } from "../errors/caisson_error.ts";
import type { LaunchedPlugin } from "../launch_component.ts";
import type { PluginComponent } from "../registered_component.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { Replaceable } from "./replaceable_part.ts";
import { replaceFailed } from "./require_shape.ts";

/** One node of a flow whose part can be exchanged. */
export interface Place {
  /** What the flow asked for. */
  readonly request: ComponentRequest;
  /** Name of the flow. */
  readonly flow: string;
  /** Its part. */
  readonly part: Replaceable;
  /** What runs there. */
  launched: LaunchedPlugin;
}

/** What became of one node. */
export interface ReplacedNode {
  /** `flow/node`. */
  readonly connector: string;
  /** `replaced`, or `kept`: the old version stays. */
  readonly outcome: "replaced" | "kept";
  /** How long nothing went through, milliseconds. */
  readonly pauseMs?: number;
  /** Why the old version goes on, or, of a source that is read no more, stays where it is. */
  readonly reason?: string;
}

/** What {@linkcode replacePlugin} needs. */
export interface ReplacePluginOptions {
  /** The new version, registered. */
  readonly plugin: RegisteredPlugin;
  /** Version that is replaced. */
  readonly from: string;
  /** Where it runs. */
  readonly places: readonly Place[];
  /** Finds a component of the new version. */
  readonly find: (request: ComponentRequest) => PluginComponent;
  /** Launches it. */
  readonly launch: (component: PluginComponent, place: Place) => Promise<LaunchedPlugin>;
  /** Forgets an instance that was ended. */
  readonly forget: (launched: LaunchedPlugin) => void;
  /** What is done is recorded here. */
  readonly audit: AuditLog;
}

/** Exchanges it at one place after the other. A place where that fails keeps the old version. */
export async function replacePlugin(options: ReplacePluginOptions): Promise<ReplacedNode[]> {
  const { plugin, from, places, audit } = options;
  const { name, version } = plugin.package.manifest;
  const replaced: ReplacedNode[] = [];
  for (const place of places) {
    const connector = place.request.alias;
    try {
      const pauseMs = await replaceAt(place, options);
      const { instance } = place.launched.running;
      const cause = `${from} by ${version}, paused for ${pauseMs.toFixed(1)} ms`;
      audit.write({ kind: "replace", plugin: name, connector, instance, cause });
      replaced.push({ connector, outcome: "replaced", pauseMs });
    } catch (thrown) {
      replaced.push({ connector, outcome: "kept", reason: messageOf(thrown) });
    }
  }
  return replaced;
}

async function replaceAt(place: Place, options: ReplacePluginOptions): Promise<number> {
  const { plugin, find, launch, forget } = options;
  const old = place.launched;
  // Reports and operators' decisions speak of where it runs: that does not change under them.
  if (old.running.plugin.isolation !== plugin.isolation) {
    throw replaceFailed(place.request.alias, `isolation ${plugin.isolation}`, old.running.plugin.isolation);
  }
  const next = await launch(find(place.request), place);
  let pauseMs: number;
  try {
    ({ pauseMs } = await place.part.replace({ part: next.instance.part, stop: next.stop }));
  } catch (thrown) {
    forget(next);
    const { part } = next.instance;
    const running = part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor;
    await running.close();
    throw thrown;
  }
  place.launched = next;
  old.stop();
  forget(old);
  return pauseMs;
}
