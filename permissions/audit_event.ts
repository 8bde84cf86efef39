/** What the audit log records. @module */

/** One thing an operator may have to account for later. Texts may come from plugins; the log escapes and shortens them. */
export type AuditEvent =
  | PluginEvent<"install", { readonly version: string; readonly hash: string; readonly source: string }>
  | PluginEvent<
    "pending",
    { readonly version: string; readonly hash: string; readonly changes: readonly string[] }
  >
  | PluginEvent<
    "approve",
    { readonly version: string; readonly hash: string; readonly changes: readonly string[] }
  >
  | PluginEvent<"uninstall", { readonly version: string; readonly hash: string }>
  | PluginEvent<"register", { readonly version: string; readonly cause: string }>
  | PluginEvent<"grant", { readonly changes: readonly string[]; readonly file: string }>
  | PluginEvent<"revoke", { readonly changes: readonly string[]; readonly file: string }>
  | PluginEvent<
    "load",
    AuditedInstance & { readonly version: string; readonly hash: string; readonly permissions: string }
  >
  | PluginEvent<"refuse", AuditedCause & { readonly folder: string }>
  | PluginEvent<"deny", Partial<AuditedInstance> & AuditedCause>
  | PluginEvent<"crash", Partial<AuditedInstance> & AuditedCause>
  | PluginEvent<"kill", Partial<AuditedInstance> & AuditedCause>
  | PluginEvent<"restart", Partial<AuditedInstance> & { readonly cause: string }>
  | PluginEvent<"replace", Partial<AuditedInstance> & { readonly cause: string }>
  | PluginEvent<"leak", Partial<AuditedInstance> & { readonly cause: string }>
  | PluginEvent<"quarantine", Partial<AuditedInstance> & AuditedCause>
  | PluginEvent<"stop", Partial<AuditedInstance> & { readonly cause: string }>
  | PluginEvent<"suppressed", { readonly count: number }>;

/** Name of something that is recorded. */
export type AuditKind = AuditEvent["kind"];

/** Every kind, in the order of a plugin's life. The compiler keeps it complete. */
export const auditKinds: readonly AuditKind[] = Object.keys(
  {
    install: 0,
    pending: 0,
    approve: 0,
    uninstall: 0,
    register: 0,
    grant: 0,
    revoke: 0,
    load: 0,
    refuse: 0,
    deny: 0,
    crash: 0,
    kill: 0,
    restart: 0,
    replace: 0,
    leak: 0,
    quarantine: 0,
    stop: 0,
    suppressed: 0,
  } satisfies Record<AuditKind, 0>,
) as AuditKind[];

/** An event of one kind about one plugin. */
export type PluginEvent<Kind extends string, Fields> = Fields & {
  /** What happened. */
  readonly kind: Kind;
  /** Name of the plugin, or its folder where no manifest could be read. */
  readonly plugin: string;
};

/** Which running instance. */
export interface AuditedInstance {
  /** Its number within the host process. */
  readonly instance: number;
  /** Name of the connector or processor in the flow. */
  readonly connector: string;
  /** Where its code runs. */
  readonly isolation: string;
  /** What protects the host from it. */
  readonly level: string;
}

/** Why. */
export interface AuditedCause {
  /** Code of the error; where there is none, a word such as `SIGKILL` or `memory`. */
  readonly code: string;
  /** In words: signal, memory, the first refused system call, a deadline. */
  readonly cause: string;
}

/** An event as it stands in the log. */
export type AuditRecord = AuditEvent & {
  /** When, ISO 8601 in UTC. */
  readonly time: string;
  /** Number within the process that wrote it, from 1: a gap means that a line is missing. */
  readonly sequence: number;
  /** Process that wrote it. */
  readonly pid: number;
};
