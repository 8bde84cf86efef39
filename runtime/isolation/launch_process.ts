/** Launches one component in a process of its own: what guard and runner share. @module */
import { createSharedMemory, type SharedMemory } from "../../ffi/shared_memory.ts";
import type { ComponentInstance, PartContext } from "../connector/contract.ts";
import { formatRing, ringBytes, type RingMemory, type RingOptions } from "../data/ring.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Provision } from "../manifest/manifest.ts";
import { MEMORY_DESCRIPTOR_PATH } from "../../permissions/sandbox/policy.ts";
import { HostedProcessor } from "./hosted_processor.ts";
import { HostedSink } from "./hosted_sink.ts";
import { HostedSource } from "./hosted_source.ts";
import { allDeadlines, type PluginDeadlines } from "./plugin_deadlines.ts";
import { type ProcessCommand, ProcessLink } from "./process_link.ts";
import type { PluginLinkOptions } from "./plugin_link.ts";
import { settlementBytes, SlotSettlements } from "./slot_settlements.ts";
import type { ProcessOpenMessage } from "./process_protocol.ts";
import { type ProcessSandbox, sandboxedCommand } from "./sandboxed_command.ts";
import { type HostedInstance, restartingPart, type RestartOptions } from "./restarting.ts";
import { type HostedKind, hostedKinds, isHosted } from "./worker_protocol.ts";

/** Where the first ring starts; the settle counters lie before it. */
const RINGS_AT = 4096;
/** Where a ring of settlements starts, and how many entries it has: more wait in the host. */
const SETTLEMENTS_AT = 64;
const SETTLEMENTS = 4096;

/** What can be set for one instance in a process of its own. */
export interface ProcessOptions extends PluginDeadlines {
  /** Codec in which a sink or processor gets its payloads. @default {"json" for a module; native code takes them as they are} */
  readonly codec?: string | undefined;
  /** Size of each ring between host and process. @default {4 slots of 1024 events and 1 MiB} */
  readonly ring?: RingOptions | undefined;
  /** Work on one batch by a process that answers otherwise; then it is killed. @default {guard 60000, runner slotMs} */
  readonly batchMs?: number | undefined;
  /** How a process that ended is started again. */
  readonly restart?: RestartOptions | undefined;
}

/** What {@linkcode launchProcess} needs. */
export interface LaunchProcessOptions {
  /** Name of the plugin. */
  readonly plugin: string;
  /** Which of its components. */
  readonly provision: Provision;
  /** Number of that component in `provides`. @default {0} */
  readonly index?: number;
  /** What is loaded: URL of a module, or path of a library. */
  readonly code: { readonly module: string } | { readonly library: string };
  /** What is started; a function is asked again each time, because what a plugin may touch can change. */
  readonly process: ProcessCommand | (() => ProcessCommand | Promise<ProcessCommand>);
  /** Checks that the code is still what was approved, before the process is started again. @default {not checked} */
  readonly verify?: (() => Promise<void>) | undefined;
  /** What holds it to its policy, asked at each start of the process. @default {nothing: level `process`} */
  readonly sandbox?: (() => Promise<ProcessSandbox | undefined>) | undefined;
  /** Isolation, for the instance. */
  readonly isolation: "guard" | "runner";
  /** Physical memory the process may hold, bytes. */
  readonly memoryBytes: number;
  /** What the instance is given. */
  readonly context: PartContext;
  /** What the open message says besides. @default {nothing} */
  readonly open?: Readonly<Record<string, string | number>> | undefined;
  /** Source: the process wants to know what became of each slot, not only how many events were delivered. @default {false} */
  readonly settlesSlots?: boolean | undefined;
  /** Makes an error of what went wrong in the process. @default {pluginError} */
  readonly errorOf?: PluginLinkOptions["errorOf"];
  /** Settings of this instance. */
  readonly options?: ProcessOptions | undefined;
  /** Where the runtime's own libraries go. @default {the user's cache folder} */
  readonly cacheFolder?: string | undefined;
}

/**
 * Creates an instance of a component in a process of its own, and starts it again when it ends unasked.
 *
 * @throws {CaissonError} `CAISSON_ISOLATION_REFUSED`, `CAISSON_HOST_PERMISSION`, `CAISSON_COMPILER_MISSING`,
 * `CAISSON_PLUGIN_CRASHED`, `CAISSON_PLUGIN_TIMEOUT`, or what the plugin threw while it was created
 */
export async function launchProcess(launch: LaunchProcessOptions): Promise<ComponentInstance> {
  const { context, isolation, options = {} } = launch;
  const level = await launch.sandbox?.() === undefined ? "process" : "sandbox";
  const first = await startHosted(launch);
  const part = restartingPart({
    first,
    launch: async () => {
      await launch.verify?.();
      return await startHosted(launch);
    },
    context,
    restart: options.restart,
  });
  return { isolation, level, part };
}

/** Starts a process and opens the component in it, once. */
async function startHosted(launch: LaunchProcessOptions): Promise<HostedInstance> {
  const { plugin, provision, index = 0, code, process, context, memoryBytes, cacheFolder, options = {} } = launch;
  const kind = hostedKind(plugin, provision);
  const { ring = {} } = options;
  // Native code takes payloads as they are, wherever it runs.
  const codec = options.codec ?? ("module" in code ? "json" : undefined);
  const deadlines = allDeadlines(options);
  const bytes = ringBytes(ring);
  const settles = kind === "source" && launch.settlesSlots === true;
  const ringsAt = settles ? SETTLEMENTS_AT + settlementBytes(SETTLEMENTS) : RINGS_AT;
  const input = kind === "source" ? -1 : ringsAt;
  const output = kind === "sink" ? -1 : kind === "source" ? ringsAt : ringsAt + Math.ceil(bytes / 64) * 64;
  const sandbox = await launch.sandbox?.();
  const memory = await createSharedMemory(
    Math.max(input, output) + bytes,
    cacheFolder === undefined ? {} : { cacheFolder },
  );
  try {
    // Formatted, and the host's ends attached, before any plugin code can have touched the memory.
    const at = (offset: number): RingMemory => formatRing(memory.buffer, memory.offset + offset, ring);
    const rings = { input: input < 0 ? undefined : at(input), output: output < 0 ? undefined : at(output) };
    const command = typeof process === "function" ? await process() : process;
    const link = new ProcessLink({
      plugin,
      alias: context.alias,
      log: (level, message) => context.log(level, message),
      process: sandbox === undefined ? command : sandboxedCommand(command, sandbox, memory.path),
      slotMs: deadlines.slotMs,
      batchMs: options.batchMs,
      memoryBytes,
      residentBytes: (pid) => memory.residentBytes(pid),
      onLeak: (found) => context.supervised?.({ kind: "leak", found }),
      errorOf: launch.errorOf,
    });
    context.hosted?.(link);
    const settlements = settles
      ? new SlotSettlements(memory.buffer, memory.offset + SETTLEMENTS_AT, SETTLEMENTS, () => link.waker.wakeOther())
      : undefined;
    const part = hostedPart({ kind, plugin, codec, deadlines, context, link, memory, settlements, ...rings });
    const { slots, capacity, arenaBytes: arena } = (rings.input ?? rings.output)!;
    const message: ProcessOpenMessage = {
      type: "open",
      memory: sandbox === undefined ? memory.path : MEMORY_DESCRIPTOR_PATH,
      bytes: memory.bytes,
      ...code,
      component: provision.name,
      index,
      kind,
      alias: context.alias,
      config: JSON.stringify(context.config),
      codec: codec ?? "",
      ...(context.direction === undefined ? {} : { direction: context.direction }),
      input,
      output,
      settled: kind === "source" ? 0 : -1,
      slots,
      capacity,
      arena,
      ...(settles ? { settlements: SETTLEMENTS_AT, settlementSlots: SETTLEMENTS } : {}),
      ...launch.open,
    };
    const running = part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor;
    try {
      await link.ask(message, "opened", deadlines.openMs);
    } catch (thrown) {
      await link.terminate();
      await running.close();
      throw thrown;
    }
    memory.unlink();
    return {
      part,
      link,
      async close() {
        try {
          await running.close();
        } finally {
          memory[Symbol.dispose]();
        }
      },
    };
  } catch (thrown) {
    memory[Symbol.dispose]();
    throw thrown;
  }
}

interface HostedPartOptions {
  readonly kind: HostedKind;
  readonly plugin: string;
  readonly codec: string | undefined;
  readonly deadlines: ReturnType<typeof allDeadlines>;
  readonly context: PartContext;
  readonly link: ProcessLink;
  readonly memory: SharedMemory;
  readonly settlements: SlotSettlements | undefined;
  readonly input: RingMemory | undefined;
  readonly output: RingMemory | undefined;
}

function hostedPart(options: HostedPartOptions): ComponentInstance["part"] {
  const { kind, plugin, codec, deadlines, context, link, memory, settlements, input, output } = options;
  const { copy } = memory;
  const common = { link, deadlines, plugin, codec, copy };
  switch (kind) {
    case "source": {
      const settled = new Int32Array(memory.buffer, memory.offset, 2);
      return { kind, source: new HostedSource({ ...common, context, output: output!, settled, settlements }) };
    }
    case "sink":
      return { kind, sink: new HostedSink({ ...common, input: input! }) };
    default:
      return { kind: "processor", processor: new HostedProcessor({ ...common, input: input!, output: output! }) };
  }
}

function hostedKind(plugin: string, provision: Provision): HostedKind {
  const { kind } = provision;
  if (isHosted(kind)) return kind;
  throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
    subject: `${plugin}: ${provision.name}`,
    found: `a ${kind} in a process of its own`,
    allowed: hostedKinds,
  });
}
