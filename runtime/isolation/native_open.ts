/** Opens an instance: the host struct, the configuration, and memory when the plugin wants some. @module */
import type { PluginLibrary } from "../../ffi/library.ts";
import { createErrorBuffer, NativeCallError } from "../../ffi/native_call_error.ts";
import type { PartContext } from "../connector/contract.ts";
import { ABI_MAJOR, ABI_MINOR, CLASS_CONFIG, ERROR_LAYOUT, HOST_LAYOUT, MAX_EVENTS } from "../data/layout.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { HostMemory } from "./host_memory.ts";
import { InstanceBell } from "./instance_bell.ts";
import { callBlocking, withDeadline } from "./native_calls.ts";
import { NativeLog } from "./native_log.ts";

/** What {@linkcode openNative} needs. */
export interface OpenNativeOptions {
  /** The loaded library. */
  readonly library: PluginLibrary;
  /** Index of the component in the descriptor. */
  readonly component: number;
  /** Alias, number, configuration. */
  readonly context: PartContext;
  /** Longest wait for each call, milliseconds. */
  readonly deadlineMs: number;
}

/** What was opened. */
export interface OpenedNative {
  /** What the plugin's functions take. */
  readonly pointer: Deno.PointerObject;
  /** Memory handed over for payloads, if the plugin wanted some. */
  readonly memory: Uint8Array | undefined;
  /** Where both of the following are. */
  readonly host: HostMemory;
  /** What the plugin rings. */
  readonly bell: InstanceBell;
  /** What the plugin writes its log to. */
  readonly log: NativeLog;
  /** Structs the plugin may look at until it is closed: whoever has the instance keeps them alive. */
  readonly held: readonly Uint8Array[];
}

/** `caisson_open_1` has no status: NULL is failure, and the error struct has the code. */
const NO_STATUS = -1;
const ALIGNMENT = 64;

/** `flow/connector: plugin`, for errors. */
export function subjectOf({ library, context }: Pick<OpenNativeOptions, "library" | "context">): string {
  return `${context.alias}: ${library.descriptor.plugin}`;
}

/** Reads the error buffer and empties it, so that a later failure without words does not repeat these. */
export function failureOf(subject: string, status: number, buffer: Uint8Array): CaissonError {
  const cause = new NativeCallError(subject, status, buffer);
  buffer.fill(0, ERROR_LAYOUT.code);
  if (cause.failureClass !== CLASS_CONFIG) return cause;
  return new CaissonError("CAISSON_CONFIG_INVALID", { subject, found: cause.found, cause });
}

/**
 * Opens an instance. When that fails, the library has been closed; when it is too late, it is closed as soon as the call
 * has come back.
 *
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`, `CAISSON_NATIVE_CALL`, `CAISSON_PLUGIN_TIMEOUT`
 */
export async function openNative(options: OpenNativeOptions): Promise<OpenedNative> {
  const { library, component, context, deadlineMs } = options;
  const subject = subjectOf(options);
  const { common } = library;
  const host = await takeMemory(library);
  const bell = new InstanceBell(host.bell, library.bell !== undefined);
  const log = new NativeLog(host.log, (level, message) => context.log(level, message));
  const published = host.publish(hostStruct(context.instance, library, host));
  const config = new TextEncoder().encode(JSON.stringify(context.config));
  const error = createErrorBuffer();
  const held = [config];
  const opening = callBlocking(() => common.open(published, component, config, config.byteLength, error));
  let pointer: Deno.PointerValue;
  try {
    pointer = await withDeadline(opening, { subject: `${subject} open`, deadlineMs });
  } catch (late) {
    closeLater(options, opening, host, held);
    throw late;
  } finally {
    log.drain();
  }
  if (pointer === null) {
    host.end(common.live() > 0);
    await library.close();
    throw failureOf(`${subject} open`, NO_STATUS, error);
  }
  const binding = bindMemory(library, pointer, error, subject);
  try {
    const memory = await withDeadline(binding, { subject: `${subject} memory_bind`, deadlineMs });
    return { pointer, memory, host, bell, log, held };
  } catch (cause) {
    closeLater(options, binding.then(() => pointer, () => pointer), host, held);
    throw cause;
  }
}

/** Closes what a call opens after nobody waits for it any more, then the library. */
function closeLater(
  { library, context }: OpenNativeOptions,
  opening: Promise<Deno.PointerValue>,
  host: HostMemory,
  held: readonly Uint8Array[],
): void {
  const { common } = library;
  opening.then(async (pointer) => {
    if (pointer !== null) await callBlocking(() => common.close(pointer));
    host.end(common.live() > 0);
    await library.close();
  }).catch((cause) => {
    context.log(
      "error",
      `closing what was opened too late failed with ${held.length} structs held: ${messageOf(cause)}`,
    );
  });
}

async function takeMemory(library: PluginLibrary): Promise<HostMemory> {
  try {
    return new HostMemory(library);
  } catch (cause) {
    await library.close();
    throw cause;
  }
}

function hostStruct(
  instance: number,
  library: PluginLibrary,
  host: HostMemory,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HOST_LAYOUT.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(HOST_LAYOUT.size, HOST_LAYOUT.bytes, true);
  view.setUint16(HOST_LAYOUT.abiMajor, ABI_MAJOR, true);
  view.setUint16(HOST_LAYOUT.abiMinor, ABI_MINOR, true);
  view.setUint32(HOST_LAYOUT.instance, instance, true);
  const addresses = host.addresses();
  view.setBigUint64(HOST_LAYOUT.bell, addresses.bell, true);
  const shared = library.bell;
  if (shared !== undefined) {
    view.setUint32(HOST_LAYOUT.bellKind, shared.kind, true);
    view.setBigInt64(HOST_LAYOUT.bellHandle, shared.handle, true);
    if (shared.logFunction !== 0n) {
      view.setBigUint64(HOST_LAYOUT.logRing, addresses.log, true);
      view.setUint32(HOST_LAYOUT.logRingBytes, host.log.byteLength, true);
      view.setBigUint64(HOST_LAYOUT.log, shared.logFunction, true);
    }
  }
  view.setUint32(HOST_LAYOUT.maxEvents, MAX_EVENTS, true);
  return bytes;
}

async function bindMemory(
  library: PluginLibrary,
  pointer: Deno.PointerObject,
  error: Uint8Array,
  subject: string,
): Promise<Uint8Array | undefined> {
  const { memorySize, memoryBind } = library.common;
  const length = memorySize?.(pointer) ?? 0;
  if (length === 0 || memoryBind === null) return undefined;
  const buffer = new ArrayBuffer(length + ALIGNMENT);
  const misaligned = Number(library.addressOf(new Uint8Array(buffer)) % BigInt(ALIGNMENT));
  const memory = new Uint8Array(buffer, (ALIGNMENT - misaligned) % ALIGNMENT, length);
  const status = await callBlocking(() => memoryBind(pointer, memory, length, error));
  if (status < 0) throw failureOf(`${subject} memory_bind`, status, error);
  return memory;
}
