/** Brings the nodes of a flow to life: components through their isolation. @module */
import type { CodecDirection, ComponentInstance, ProcessorPart, SinkPart, SourcePart } from "../connector/contract.ts";
import type { FlowAccess } from "../connector/flow_access.ts";
import type { Supervision } from "../manifest/supervision.ts";
import { CaissonError } from "../errors/caisson_error.ts";

/** What a flow asks for when it needs a component. */
export interface ComponentRequest {
  /** `flow/node`. */
  readonly alias: string;
  /** Kind it has to be. */
  readonly kind: "source" | "sink" | "processor" | "codec" | "preprocessor" | "postprocessor";
  /** Component, `name` or `plugin:name`. */
  readonly type: string;
  /** Configuration as the flow has it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Codec the flow names for it. */
  readonly codec?: string | undefined;
  /** How its process is watched, where it has one of its own. */
  readonly supervision?: Supervision | undefined;
  /** Codec: which way it has to work. */
  readonly direction?: CodecDirection | undefined;
  /** Aborted when reading has to stop. */
  readonly signal: AbortSignal;
  /** Kept between the two ends of one connector. */
  readonly shared?: Map<string, unknown>;
  /** The flow itself, for builtins. */
  readonly flow?: FlowAccess;
  /** For the part to say that its connection is gone. */
  readonly connectionLost?: (reason: unknown) => void;
}

/** A component that was brought to life. */
export interface LaunchedComponent {
  /** The instance. */
  readonly instance: ComponentInstance;
  /** Plugin it comes from. */
  readonly plugin: string;
}

/** Finds, checks and launches a component. */
export type Launch = (request: ComponentRequest) => Promise<LaunchedComponent>;

/** The source part of an instance, or a clear error. */
export function asSource(
  { part }: ComponentInstance,
  request: ComponentRequest,
): SourcePart {
  if (part.kind === "source") return part.source;
  throw wrongKind(request, part.kind);
}

/** The sink part of an instance, or a clear error. */
export function asSink(
  { part }: ComponentInstance,
  request: ComponentRequest,
): SinkPart {
  if (part.kind === "sink") return part.sink;
  throw wrongKind(request, part.kind);
}

/** The processor part of an instance, or a clear error. */
export function asProcessor(
  { part }: ComponentInstance,
  request: ComponentRequest,
): ProcessorPart {
  if (part.kind === "processor") return part.processor;
  throw wrongKind(request, part.kind);
}

function wrongKind(request: ComponentRequest, found: string): CaissonError {
  return new CaissonError("CAISSON_FLOW_COMPONENT", {
    subject: `${request.alias}: ${request.type}`,
    found: `a ${found}`,
    allowed: `a ${request.kind}`,
  });
}
