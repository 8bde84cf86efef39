/** Launches a TypeScript component in a Worker of its own. @module */
import { toFileUrl } from "@std/path";
import type { ComponentInstance, PartContext } from "../connector/contract.ts";
import { createRing, type RingOptions } from "../data/ring.ts";
import { MAX_EVENTS, MAX_SEGMENT_BYTES } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Provision } from "../manifest/manifest.ts";
import { assertSandboxSound } from "./canary.ts";
import type { WorkerPermissions } from "./start_worker.ts";
import { allDeadlines, type PluginDeadlines } from "./plugin_deadlines.ts";
import { WorkerLink } from "./worker_link.ts";
import { HostedProcessor } from "./hosted_processor.ts";
import { type HostedKind, hostedKinds, isHosted } from "./worker_protocol.ts";
import { HostedSink } from "./hosted_sink.ts";
import { HostedSource } from "./hosted_source.ts";

/** A write may wait for the other side of a connection. */
const BATCH_MS = 60_000;

/** Which plugin to load. */
export interface WorkerPlugin {
  /** Name, for errors and the log. */
  readonly name: string;
  /** Its folder, absolute. */
  readonly folder: string;
  /** Its entry module, absolute, inside the folder. */
  readonly module: string;
}

/** What can be set for one instance. */
export interface WorkerOptions extends PluginDeadlines {
  /** Codec in which a sink or processor gets its payloads: `json`, `string` or `binary`. @default {"json"} */
  readonly codec?: string | undefined;
  /** Size of the ring between host and Worker. @default {4 slots of 1024 events and 1 MiB} */
  readonly ring?: RingOptions | undefined;
  /** How long it may take over one batch, milliseconds; then what is in flight fails, and so does what follows. @default {60000} */
  readonly batchMs?: number | undefined;
}

/** What {@linkcode launchWorker} needs. */
export interface LaunchWorkerOptions {
  /** The plugin. */
  readonly plugin: WorkerPlugin;
  /** Which of its components. */
  readonly provision: Provision;
  /** Effective permissions, all eight keys; `read` holds the plugin's folder. */
  readonly permissions: WorkerPermissions;
  /** What the instance is given. */
  readonly context: PartContext;
  /** Settings of this instance. */
  readonly options?: WorkerOptions;
}

/**
 * Creates an instance of a component in a new Worker that holds exactly the given permissions. One Worker, one instance.
 *
 * The Worker shares memory with the host and with nobody else. A guard-rail, not a wall: see `docs/security.md`.
 *
 * @throws {CaissonError} `CAISSON_SANDBOX_UNSOUND`, `CAISSON_HOST_PERMISSION`, `CAISSON_ISOLATION_REFUSED` for a kind that
 * cannot run in a Worker, `CAISSON_PLUGIN_THREW`, `CAISSON_PERMISSION_DENIED` or `CAISSON_PLUGIN_TIMEOUT` while loading
 */
export async function launchWorker(
  launch: LaunchWorkerOptions,
): Promise<ComponentInstance> {
  const { plugin, provision, permissions, context, options = {} } = launch;
  const kind = hostedKind(plugin.name, provision);
  await assertSandboxSound();
  const { codec = "json", ring } = options;
  const deadlines = allDeadlines(options);
  const link = new WorkerLink({
    plugin: plugin.name,
    alias: context.alias,
    permissions,
    batchMs: options.batchMs ?? BATCH_MS,
    log: (level, message) => context.log(level, message),
  });
  context.hosted?.(link);
  const input = kind === "source" ? undefined : createRing(ring);
  const output = kind === "sink" ? undefined : createRing(kind === "source" ? ring : outputRing(ring));
  const settled = new Int32Array(new SharedArrayBuffer(8));
  // The host's ends attach before any plugin code can have touched the memory.
  const common = { link, deadlines, plugin: plugin.name, codec };
  const part: ComponentInstance["part"] = kind === "source"
    ? {
      kind,
      source: new HostedSource({ link, deadlines, context, output: output!, settled }),
    }
    : kind === "sink"
    ? { kind, sink: new HostedSink({ ...common, input: input! }) }
    : {
      kind: "processor",
      processor: new HostedProcessor({ ...common, input: input!, output: output! }),
    };
  try {
    await link.ask(
      {
        type: "open",
        module: toFileUrl(plugin.module).href,
        component: provision.name,
        kind,
        alias: context.alias,
        config: context.config,
        codec,
        direction: context.direction,
        ...(input === undefined ? {} : { input }),
        ...(output === undefined ? {} : { output }),
        ...(kind === "source" ? { settled } : {}),
      },
      "opened",
      deadlines.openMs,
    );
  } catch (thrown) {
    await link.terminate();
    await closePart(part);
    throw thrown;
  }
  return { isolation: "worker", level: "none", part };
}

/** Processors make more of what they get: fields are added, one event becomes several. */
function outputRing({ capacity = 1024, arenaBytes = 1 << 20, ...rest }: RingOptions = {}): RingOptions {
  return {
    ...rest,
    capacity: Math.min(4 * capacity, MAX_EVENTS),
    arenaBytes: Math.min(4 * arenaBytes, MAX_SEGMENT_BYTES),
  };
}

async function closePart(part: ComponentInstance["part"]): Promise<void> {
  switch (part.kind) {
    case "source":
      return await part.source.close();
    case "sink":
      return await part.sink.close();
    case "processor":
      return await part.processor.close();
  }
}

function hostedKind(plugin: string, provision: Provision): HostedKind {
  const { kind } = provision;
  if (isHosted(kind)) return kind;
  throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
    subject: `${plugin}: ${provision.name}`,
    found: `a ${kind} in a Worker`,
    allowed: hostedKinds,
  });
}
