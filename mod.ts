/**
 * Caisson: a Deno-native, permissioned plugin runtime for event processing.
 *
 * This is the only module a host program imports. {@linkcode Runtime} discovers plugins, deploys flows and stops them;
 * the adapters make sources and sinks of streams and async iterables.
 *
 * @example
 * ```ts
 * import { Runtime } from "@caisson/runtime";
 *
 * await using runtime = new Runtime();
 * const flow = await runtime.deploy({
 *   name: "hello",
 *   connectors: { input: { type: "stdio" }, output: { type: "stdio" } },
 *   links: [{ from: "input", to: "output" }],
 * });
 * await flow.stop();
 * ```
 *
 * @module
 */
export { type Discovery, type HostComponent, Runtime, type RuntimeOptions } from "./runtime/runtime.ts";
export type { ReplacedNode } from "./runtime/control/replace_plugin.ts";
export { type ControlServer, serveControl, type ServeControlOptions } from "./runtime/control/serve_control.ts";
export { CaissonError, type CaissonErrorOptions } from "./runtime/errors/caisson_error.ts";
export { type CodeEntry, codes, type ErrorCode } from "./runtime/errors/codes.ts";
export { commandCodes } from "./runtime/errors/command_codes.ts";
export { connectorCodes } from "./runtime/errors/connector_codes.ts";
export { controlCodes } from "./runtime/errors/control_codes.ts";
export { errorsIn } from "./runtime/errors/report.ts";
export { flowCodes } from "./runtime/errors/flow_codes.ts";
export { manifestCodes } from "./runtime/errors/manifest_codes.ts";
export { nativeCodes } from "./runtime/errors/native_codes.ts";
export { permissionCodes } from "./runtime/errors/permission_codes.ts";
export { Flow, type FlowOptions, type StopOptions } from "./runtime/flow/flow.ts";
export type { DeadLetter, LetterOrigin } from "./runtime/flow/dead_letters.ts";
export type { FlowReport, FlowState, LatencyReport, NodeReport } from "./runtime/flow/flow_report.ts";
export type { LifeState } from "./runtime/flow/life_cycle.ts";
export type { BreakerDefinition } from "./runtime/connector/breaker.ts";
export type { Connectivity } from "./runtime/connector/connection.ts";
export type {
  BufferDefinition,
  ConnectorDefinition,
  CountDefinition,
  DurableState,
  Expression,
  ExpressionInput,
  ExtractDefinition,
  FlowDefinition,
  FlowLinkDefinition,
  LinkDefinition,
  Named,
  NamedConfig,
  OperatorDefinition,
  PipelineDefinition,
  PipelineGraph,
  PipelineList,
  ProcessorDefinition,
  Reconnect,
  RetryDefinition,
} from "./runtime/flow/flow_definition.ts";
export { Event } from "./runtime/flow/delivery.ts";
export { type Failures, Settlement } from "./runtime/flow/settlement.ts";
export type { ComponentRequest, Launch, LaunchedComponent } from "./runtime/flow/node_builder.ts";
export type { Codec } from "./runtime/codec/codec.ts";
export type { SupervisionEvent, SupervisionReport } from "./runtime/connector/supervision.ts";
export type { Supervision } from "./runtime/manifest/supervision.ts";
export type { NodeMetrics } from "./runtime/connector/connector_metrics.ts";
export type {
  Attempt,
  BatchSinkPart,
  ByteSinkPart,
  CodecDirection,
  ComponentInstance,
  Part,
  PartContext,
  PartMetrics,
  PollResult,
  ProcessorPart,
  SinkPart,
  SourcePart,
  StreamListener,
  StreamNotice,
  ValueSinkPart,
  WriteResult,
} from "./runtime/connector/contract.ts";
export type { FlowAccess, FlowEnd, NodeCounts } from "./runtime/connector/flow_access.ts";
export { Batch, type BatchMemory, type BatchOptions, type VerdictEntry } from "./runtime/data/batch.ts";
export type { RecordScan } from "./runtime/data/batch_check.ts";
export type { CopyBytes } from "./runtime/data/copy_bytes.ts";
export { BatchError } from "./runtime/data/batch_error.ts";
export {
  type Comparable,
  concat,
  Condition,
  field,
  type ItemsOf,
  literal,
  type Operand,
  type OrElse,
  type SliceOf,
  Term,
  type ValueOf,
  when,
} from "./runtime/pipeline/expression_builder.ts";
export {
  type AnyStream,
  type ConditionOf,
  type Matched,
  type Origin,
  pipeline,
  ports,
  Stream,
  type TermOf,
  type WindowOf,
} from "./runtime/pipeline/builder/stream.ts";
export { type Shape, shape, type StandardSchema } from "./runtime/pipeline/builder/event_shape.ts";
export {
  type CaseOptions,
  type FieldPatterns,
  type ItemOf,
  type MadeByCase,
  MatchCases,
  type PatternOf,
  type PlainOf,
  type SpecialPattern,
  type ThenOf,
} from "./runtime/pipeline/builder/match_cases.ts";
export { Grouped, type GroupRow, type KeyOf, type KeysOf } from "./runtime/pipeline/builder/grouped.ts";
export type { Counted, Extracted, GroupOf } from "./runtime/pipeline/builder/extracted.ts";
export type { At, Deeper, Key, Made, PathOf, Plain, Row, TargetInput } from "./runtime/pipeline/builder/row.ts";
export {
  captured,
  cardinality,
  collect,
  collectNested,
  count,
  dds,
  distinct,
  either,
  first,
  group,
  hdr,
  last,
  max,
  mean,
  min,
  type NumberTerm,
  quantile,
  stateTerm,
  stdev,
  sum,
  unique,
  variance,
  windowFact,
} from "./runtime/pipeline/builder/aggregate_terms.ts";
export type { Distribution } from "./runtime/pipeline/aggregate/quantiles.ts";
export type {
  EventLimit,
  EventTime,
  GroupBy,
  IntervalWindow,
  SelectDefinition,
  SessionWindow,
  SizeWindow,
  SlidingSizeWindow,
  SlidingTimeWindow,
  StateWindow,
  Target,
  WindowDefinition,
  WindowLimits,
} from "./runtime/pipeline/select_definition.ts";
export type {
  BackpressureDefinition,
  BatchDefinition,
  BucketDefinition,
  DedupeDefinition,
  EachDefinition,
  EnrichDefinition,
  PercentileDefinition,
  SampleDefinition,
  StateDefinition,
  StepDefinition,
  TableFileDefinition,
  ThrottleDefinition,
} from "./runtime/pipeline/step/step_definition.ts";
export type {
  ExtractorDefinition,
  MatchCase,
  MatchDefinition,
  Pattern,
} from "./runtime/pipeline/step/match_definition.ts";
export { type KeyValueStore, SqliteStore } from "./runtime/pipeline/store/key_value_store.ts";
export type { KernelRead, KernelStep } from "./runtime/pipeline/kernel_program.ts";
export type { Row as KernelRow, Rows as KernelRows } from "./runtime/pipeline/kernel_rows.ts";
export type { Emit, Operator, Snapshot, Step, Warn } from "./runtime/pipeline/operator.ts";
export { emitWatched, Held } from "./runtime/pipeline/held.ts";
export { checkConformance, type ConformanceOptions } from "./runtime/conformance/check_conformance.ts";
export type { ConformanceCheck, ConformanceReport } from "./runtime/conformance/conformance_report.ts";
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from "./runtime/telemetry/log.ts";
export type { Refusal } from "./runtime/manifest/discover.ts";
export type { RegisteredPlugin } from "./runtime/registered_plugin.ts";
export type {
  ComponentKind,
  Manifest,
  NativeBuild,
  NativeLibrary,
  NativePart,
  PermissionRequests,
  PluginPackage,
  Provision,
} from "./runtime/manifest/manifest.ts";
export type { ScannedModule } from "./runtime/manifest/module_graph.ts";
export type { CheckedFile } from "./runtime/manifest/verify_unchanged.ts";
export type { Difference, EffectivePermissions } from "./permissions/effective.ts";
export type { PermissionKey } from "./permissions/values.ts";
export type {
  AuditedCause,
  AuditedInstance,
  AuditEvent,
  AuditKind,
  AuditRecord,
  PluginEvent,
} from "./permissions/audit_event.ts";
export { type AuditLog, type AuditLogOptions, openAuditLog } from "./permissions/audit_log.ts";
export type { AppliedGrant } from "./runtime/apply_grants.ts";
export type { InstalledPlaces } from "./runtime/installed_plugins.ts";
export {
  approvePlugin,
  type Installed,
  type InstallOptions,
  type InstallPlaces,
  installPlugin,
} from "./runtime/install.ts";
export type { LockedVersion } from "./permissions/lock.ts";
export type { LockChange } from "./permissions/lock_changes.ts";
export type { HostedLink } from "./runtime/connector/contract.ts";
export type { PluginIsolation } from "./permissions/grants.ts";
export type { Descriptor, DescriptorField, DescriptorInterface, NativeKind } from "./ffi/descriptor.ts";
export {
  fromAsyncIterable,
  fromReadableStream,
  fromTextLines,
  type StreamSourceOptions,
} from "./runtime/connector/streams_source.ts";
export {
  type IterableSink,
  type StreamSinkOptions,
  toAsyncIterable,
  toWritableStream,
} from "./runtime/connector/streams_sink.ts";
