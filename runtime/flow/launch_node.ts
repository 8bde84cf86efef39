/** Launches the component of a node, starts and connects it. @module */
import { codecName } from "../codec/codec_config.ts";
import { Connection } from "../connector/connection.ts";
import { emptyMetrics, type NodeMetrics } from "../connector/connector_metrics.ts";
import type { CodecDirection, ComponentInstance, Part } from "../connector/contract.ts";
import type { Gate } from "../connector/gate.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { isOfPlugin } from "./connector_stages.ts";
import type { Named, Reconnect } from "./flow_definition.ts";
import type { Supervision } from "../manifest/supervision.ts";
import { LifeCycle } from "./life_cycle.ts";
import type { Node } from "./node.ts";
import type { ComponentRequest, Launch } from "./node_builder.ts";

/** What drives a part. */
export interface Managed {
  /** What it did so far. */
  readonly metrics: Readonly<NodeMetrics>;
  /** What ended it before its time. */
  readonly failure?: CaissonError | undefined;
  /** Its connection is gone, and may come back. */
  lost?(reason: unknown): void;
  /** Its connection will not come back. */
  giveUp?(error: CaissonError): void;
}

/** What {@linkcode launchNode} needs. */
export interface LaunchNodeOptions<P extends Part> {
  /** Name of the node. */
  readonly name: string;
  /** `flow/node`. */
  readonly alias: string;
  /** Kind of its component. */
  readonly kind: ComponentRequest["kind"];
  /** What the flow says about it. */
  readonly definition: {
    readonly type: string;
    readonly config?: Readonly<Record<string, unknown>>;
    readonly reconnect?: Reconnect | "none";
    readonly codec?: Named;
    readonly supervision?: Supervision;
    readonly direction?: CodecDirection;
  };
  /** Takes the part out of the instance. */
  readonly choose: (instance: ComponentInstance, request: ComponentRequest) => P;
  /** What drives the part, once it does. */
  readonly managed: () => Managed | undefined;
  /** Closed while nothing is to go through. */
  readonly gate: Gate;
  /** What the two ends of one connector keep in common. */
  readonly shared: Map<string, unknown>;
  /** Brings components to life. */
  readonly launch: Launch;
  /** Aborted when reading has to stop. */
  readonly reading: AbortSignal;
  /** Aborted when everything has to stop. */
  readonly ending: AbortSignal;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
  /** Given the node before its part is connected: from then on it has to be closed. */
  readonly enter: (node: Node) => void;
}

/**
 * Brings a node to life and returns its part.
 *
 * @throws {CaissonError} what the launch throws, `CAISSON_CONNECT_FAILED`, `CAISSON_FLOW_STATE` when the flow was stopped
 */
export async function launchNode<P extends Part>(options: LaunchNodeOptions<P>): Promise<P> {
  const { name, alias, kind, definition, choose, managed, gate, shared, launch, reading, ending, onError, enter } =
    options;
  const { type, config = {}, reconnect, codec, supervision, direction } = definition;
  if (reading.aborted) {
    throw new CaissonError("CAISSON_FLOW_STATE", {
      subject: alias,
      found: "a flow that was stopped while it started",
    });
  }
  const life = new LifeCycle(alias);
  const connection = new Connection({
    alias,
    reconnect,
    signal: reading,
    gate,
    onRetry: onError,
    onGivenUp: (error) => {
      life.on("fail");
      managed()?.giveUp?.(error);
      gate.release();
    },
  });
  const request: ComponentRequest = {
    alias,
    kind,
    type,
    config,
    // The stage of a plugin's codec makes bytes of events; what they are in is nothing another plugin knows.
    codec: codec === undefined ? undefined : isOfPlugin(codec) ? "binary" : codecName(codec),
    direction,
    supervision,
    signal: kind === "source" ? reading : ending,
    shared,
    connectionLost: (reason) => {
      managed()?.lost?.(reason);
      connection.lost(reason);
    },
  };
  const { instance, plugin } = await launch(request);
  const part = choose(instance, request);
  const { isolation, level } = instance;
  enter({
    name,
    role: kind,
    type,
    plugin,
    isolation,
    level,
    life,
    gate,
    connection,
    metrics: () => managed()?.metrics ?? emptyMetrics(),
    failure: () => managed()?.failure,
    supervision: () => instance.supervision?.(),
    part,
    partMetrics: {},
  });
  await part.start?.();
  await connection.open(part);
  life.on("start");
  return part;
}
