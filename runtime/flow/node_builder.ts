/** Brings the nodes of a flow to life: components through their isolation, codecs and interceptors by name. @module */
import type { Codec, Postprocessor, Preprocessor } from "../codec/codec.ts";
import { createCodec } from "../codec/codecs.ts";
import { createPostprocessor } from "../codec/postprocessors.ts";
import { createPreprocessor } from "../codec/preprocessors.ts";
import type { ComponentInstance, ProcessorPart, SinkPart, SourcePart } from "../connector/contract.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { ConnectorDefinition } from "./flow_definition.ts";

/** What a flow asks for when it needs a component. */
export interface ComponentRequest {
  /** `flow/node`. */
  readonly alias: string;
  /** Kind it has to be. */
  readonly kind: "source" | "sink" | "processor";
  /** Component, `name` or `plugin:name`. */
  readonly type: string;
  /** Configuration as the flow has it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Codec the flow names for it. */
  readonly codec?: string | undefined;
  /** Aborted when reading has to stop. */
  readonly signal: AbortSignal;
  /** Kept between the two ends of one connector. */
  readonly shared?: Map<string, unknown>;
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

/** The codec of a connector: what the flow says, else what the part is used to; errors name `alias`. */
export function connectorCodec(definition: ConnectorDefinition, fallback: string | undefined, alias: string): Codec {
  return createCodec(definition.codec ?? fallback ?? "json", `${alias}: codec`);
}

/** The preprocessors of a connector, in order; errors name `alias` and the place in the list. */
export function connectorPreprocessors(definition: ConnectorDefinition, alias: string): Preprocessor[] {
  return (definition.preprocessors ?? []).map((named, index) =>
    createPreprocessor(named, `${alias}: preprocessors[${index}]`)
  );
}

/** The postprocessors of a connector, in order; errors name `alias` and the place in the list. */
export function connectorPostprocessors(definition: ConnectorDefinition, alias: string): Postprocessor[] {
  return (definition.postprocessors ?? []).map((named, index) =>
    createPostprocessor(named, `${alias}: postprocessors[${index}]`)
  );
}

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
