/** What of a connector's codec, preprocessors and postprocessors comes from plugins, and the stages that makes. @module */
import type { Codec, Postprocessor, Preprocessor } from "../codec/codec.ts";
import { createCodec } from "../codec/codecs.ts";
import { createPostprocessor } from "../codec/postprocessors.ts";
import { createPreprocessor } from "../codec/preprocessors.ts";
import type { CodecDirection, SinkPart, SourcePart } from "../connector/contract.ts";
import { LocalStage } from "../connector/local_stage.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { ConnectorDefinition, Named, NamedConfig } from "./flow_definition.ts";

/** A stage that a plugin brings. */
export interface PluginStage {
  /** Kind of the component. */
  readonly kind: "codec" | "preprocessor" | "postprocessor";
  /** Name behind the connector's, such as `codec` or `preprocessors[0]`. */
  readonly place: string;
  /** `plugin:component`. */
  readonly type: string;
  /** Its configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Codec: which way. */
  readonly direction?: CodecDirection;
}

/** The runtime's own interceptors behind one of a plugin, or what tells payloads that hold no event. */
export interface LocalPlugStage {
  /** Kind of what is in it. */
  readonly kind: "preprocessor" | "postprocessor";
  /** Name behind the connector's. */
  readonly place: string;
  /** Runs them. */
  readonly local: LocalStage;
}

/** One stage as a node of its own, with what goes in and comes out. */
export type ConnectorStage = (PluginStage | LocalPlugStage) & {
  /** What it takes. */
  readonly input: Codec;
  /** What it makes. */
  readonly output: Codec;
};

/** How the half of a connector is put together. */
export interface ConnectorPlan<Interceptor, OwnCodec = Codec> {
  /** Codec of the manager; between it and the stages events are bytes. */
  readonly codec: OwnCodec;
  /** Makes what the manager runs by itself, for one stream. */
  readonly newInterceptors: () => readonly Interceptor[];
  /** Stages in the order events go through them; mostly none. */
  readonly stages: readonly ConnectorStage[];
}

/** Whether a codec, preprocessor or postprocessor is one of a plugin. */
export function isOfPlugin(named: Named): boolean {
  return nameOf(named).includes(":");
}

function nameOf(named: Named): string {
  return typeof named === "string" ? named : named.name;
}

function ofPlugin(named: Named): Pick<PluginStage, "type" | "config"> {
  const { name, config = {} }: NamedConfig = typeof named === "string" ? { name: named } : named;
  return { type: name, config };
}

const bytes = (): Codec => createCodec("binary");
/** What plugins' codecs make values of, and values of. */
const values = (): Codec => createCodec("json");

/**
 * The reading half: the manager, then what follows the first preprocessor of a plugin, then the codec.
 *
 * @param part the source, once it is there; its codec is taken when the flow names none
 * @param alias `flow/connector`, for errors
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function planSource(
  definition: ConnectorDefinition,
  part: Pick<SourcePart, "codec" | "severalStreams"> | undefined,
  alias: string,
): ConnectorPlan<Preprocessor> {
  const { preprocessors = [] } = definition;
  const codec = definition.codec ?? part?.codec ?? "json";
  const create = (index: number) => createPreprocessor(preprocessors[index]!, `${alias}: preprocessors[${index}]`);
  const first = preprocessors.findIndex(isOfPlugin);
  if (first >= 0 && part?.severalStreams === true) {
    throw new CaissonError("CAISSON_CONFIG_INVALID", {
      subject: `${alias}: preprocessors[${first}]`,
      found: "a preprocessor of a plugin on a source of several streams",
      allowed: "the runtime's own, of which each stream gets one",
    });
  }
  const own = first < 0 ? preprocessors : preprocessors.slice(0, first);
  const newInterceptors = (): Preprocessor[] => own.map((_, index) => create(index));
  const final = isOfPlugin(codec) ? undefined : createCodec(codec, `${alias}: codec`);
  if (first < 0 && final !== undefined) return { codec: final, newInterceptors, stages: [] };
  const stages: (PluginStage | LocalPlugStage)[] = first < 0
    ? []
    : chain(preprocessors, first, "preprocessor", create, final?.skips?.bind(final));
  if (final === undefined) stages.push({ kind: "codec", place: "codec", direction: "decode", ...ofPlugin(codec) });
  const last = stages.length - 1;
  return {
    codec: bytes(),
    newInterceptors,
    stages: stages.map((stage, index) => ({
      ...stage,
      input: bytes(),
      output: index < last ? bytes() : final ?? values(),
    })),
  };
}

/**
 * The writing half: the codec, postprocessors up to the last one of a plugin, then the manager.
 *
 * @param part the sink, once it is there
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function planSink(
  definition: ConnectorDefinition,
  part: SinkPart | undefined,
  alias: string,
): ConnectorPlan<Postprocessor, Codec | undefined> {
  const { postprocessors = [] } = definition;
  const own = part === undefined || part.accepts === "values" ? undefined : part.codec;
  const codec = definition.codec ?? own ?? "json";
  const create = (index: number) => createPostprocessor(postprocessors[index]!, `${alias}: postprocessors[${index}]`);
  const last = postprocessors.findLastIndex(isOfPlugin);
  const newInterceptors = (): Postprocessor[] =>
    postprocessors.slice(last + 1).map((_, index) => create(last + 1 + index));
  const first = isOfPlugin(codec) ? undefined : createCodec(codec, `${alias}: codec`);
  if (last < 0 && first !== undefined) {
    // Native code and rings take what comes.
    const any = part?.accepts === "batches" && definition.codec === undefined && own === undefined;
    return { codec: any ? undefined : first, newInterceptors, stages: [] };
  }
  if (part?.accepts === "values") {
    throw new CaissonError("CAISSON_CONFIG_INVALID", {
      subject: alias,
      found: "a codec or postprocessor of a plugin on a sink that takes values",
      allowed: "a sink that takes bytes",
    });
  }
  if (last >= 0 && part !== undefined && "watchStreams" in part && part.watchStreams !== undefined) {
    throw new CaissonError("CAISSON_CONFIG_INVALID", {
      subject: `${alias}: postprocessors[${last}]`,
      found: "a postprocessor of a plugin on a sink of several streams",
      allowed: "the runtime's own, of which each stream gets one",
    });
  }
  const encode: PluginStage[] = first === undefined
    ? [{ kind: "codec", place: "codec", direction: "encode", ...ofPlugin(codec) }]
    : [];
  const framing = last < 0 ? [] : chain(postprocessors.slice(0, last + 1), 0, "postprocessor", create, undefined);
  return {
    codec: bytes(),
    newInterceptors,
    stages: [...encode, ...framing].map((stage, index) => ({
      ...stage,
      input: index > 0 ? bytes() : first ?? values(),
      output: bytes(),
    })),
  };
}

/** A list from `first` on: each of a plugin is a stage, those of the runtime that follow one another are one together. */
function chain(
  list: readonly Named[],
  first: number,
  kind: "preprocessor" | "postprocessor",
  create: (index: number) => Preprocessor | Postprocessor,
  skips: Codec["skips"],
): (PluginStage | LocalPlugStage)[] {
  const stages: (PluginStage | LocalPlugStage)[] = [];
  for (let index = first; index < list.length;) {
    const place = `${kind}s[${index}]`;
    if (isOfPlugin(list[index]!)) {
      stages.push({ kind, place, ...ofPlugin(list[index++]!) });
      continue;
    }
    const own: (Preprocessor | Postprocessor)[] = [];
    while (index < list.length && !isOfPlugin(list[index]!)) own.push(create(index++));
    stages.push({ kind, place, local: new LocalStage(own, index === list.length ? skips : undefined) });
  }
  if (skips !== undefined && isOfPlugin(list.at(-1)!)) {
    stages.push({ kind, place: "codec", local: new LocalStage([], skips) });
  }
  return stages;
}
