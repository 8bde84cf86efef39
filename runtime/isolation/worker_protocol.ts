/** What host and plugin say to each other besides the data, and how the host checks what it hears. @module */
import type { RingMemory } from "../data/ring.ts";

/** The kinds of component a Worker or a plugin process can host. */
export type HostedKind = "source" | "sink" | "processor" | StageKind;

/** The kinds that stand between a connector and its links. Like processors they have a ring on each side. */
export type StageKind = "codec" | "preprocessor" | "postprocessor";

/** Which way an instance of a codec works; here, so that a guard need not load what the connectors are made of. */
export type CodecDirection = "decode" | "encode";

/** Whether a kind is one of {@linkcode StageKind}. */
export function isStage(kind: string): kind is StageKind {
  return kind === "codec" || kind === "preprocessor" || kind === "postprocessor";
}

/** Whether a Worker or a plugin process can host a kind. */
export function isHosted(kind: string): kind is HostedKind {
  return kind === "source" || kind === "sink" || kind === "processor" || isStage(kind);
}

/** The kinds of {@linkcode HostedKind}, for messages. */
export const hostedKinds: string = "source, sink, processor, codec, preprocessor, postprocessor";

/** From the host: load the plugin and create the component. */
export interface OpenMessage {
  readonly type: "open";
  /** URL of the plugin's module. */
  readonly module: string;
  /** Key in the module's default export. */
  readonly component: string;
  readonly kind: HostedKind;
  readonly alias: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly codec: string;
  /** Codec: which way this instance works. */
  readonly direction?: CodecDirection | undefined;
  /** Sink and processor: what the host sends. */
  readonly input?: RingMemory;
  /** Source and processor: what the host receives. */
  readonly output?: RingMemory;
  /** Source: two counters, events delivered and failed, modulo 2^32. */
  readonly settled?: Int32Array;
}

/** Everything the host sends. */
export type HostMessage =
  | OpenMessage
  | {
    readonly type: "connect";
    readonly attempt: { readonly overall: number; readonly sinceLastSuccess: number };
  }
  /** Source: start reading, or go on after a failure. */
  | { readonly type: "read" }
  /** Source: the flow stops, so reads that wait have to end. */
  | { readonly type: "stop" }
  | { readonly type: "close" }
  /** Are you there, and what have you to say about yourself? */
  | { readonly type: "metrics" };

/** Something that was thrown on the other side, as plain text. */
export interface Fault {
  /** Name of the error's class. */
  readonly name: string;
  /** Its message. */
  readonly message: string;
  /** Its stack, for the plugin's author. */
  readonly stack: string;
  /** What was refused, when a permission was. */
  readonly denied?: { readonly permission: string; readonly target: string };
}

/** What a fault happened in. */
export type Stage = "open" | "connect" | "read" | "close";

/** Severity of a log line. */
export type LogLevel = "error" | "warning" | "info" | "debug";

/** Everything the plugin's side sends. */
export type WorkerMessage =
  | { readonly type: "opened" }
  | { readonly type: "connected" }
  | { readonly type: "closed" }
  | { readonly type: "failed"; readonly stage: Stage; readonly fault: Fault }
  /** Thrown where nobody was waiting for it: the instance is not usable any more. */
  | { readonly type: "crashed"; readonly fault: Fault }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string }
  /** Answer to `metrics`: numbers as a JSON object. */
  | { readonly type: "metrics"; readonly json: string };

/** Longest answer to `metrics`, characters. */
export const METRICS_MAX = 32_768;

/** Longest text accepted in one field of a message, characters. */
export const TEXT_MAX = 4096;

const stages: readonly unknown[] = ["open", "connect", "read", "close"];
const levels: readonly unknown[] = ["error", "warning", "info", "debug"];

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, TEXT_MAX) : undefined;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

/** A fault as the other side describes it, cut to size; `undefined` when it is none. */
export function checkFault(value: unknown): Fault | undefined {
  const fields = record(value);
  const name = text(fields?.["name"]);
  const message = text(fields?.["message"]);
  if (fields === undefined || name === undefined || message === undefined) return undefined;
  const stack = text(fields["stack"]) ?? "";
  const denied = record(fields["denied"]);
  const permission = text(denied?.["permission"]);
  const target = text(denied?.["target"]);
  return permission === undefined || target === undefined
    ? { name, message, stack }
    : { name, message, stack, denied: { permission, target } };
}

/** What a plugin's side said, rebuilt field by field; `undefined` when it is not part of the protocol. */
export function checkWorkerMessage(value: unknown): WorkerMessage | undefined {
  const fields = record(value);
  switch (fields?.["type"]) {
    case "opened":
    case "connected":
    case "closed":
      return { type: fields["type"] };
    case "metrics": {
      const json = fields["json"];
      return typeof json === "string" && json.length <= METRICS_MAX ? { type: "metrics", json } : undefined;
    }
    case "log": {
      const message = text(fields["message"]);
      const level = fields["level"];
      if (message === undefined || !levels.includes(level)) return undefined;
      return { type: "log", level: level as LogLevel, message };
    }
    case "failed": {
      const fault = checkFault(fields["fault"]);
      const stage = fields["stage"];
      if (fault === undefined || !stages.includes(stage)) return undefined;
      return { type: "failed", stage: stage as Stage, fault };
    }
    case "crashed": {
      const fault = checkFault(fields["fault"]);
      return fault === undefined ? undefined : { type: "crashed", fault };
    }
    default:
      return undefined;
  }
}
