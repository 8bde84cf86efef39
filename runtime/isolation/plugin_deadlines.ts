/** How long a plugin in a Worker or a process may take to answer. @module */

/** Deadlines of one instance, milliseconds. */
export interface PluginDeadlines {
  /** Loading the plugin and creating the component. @default {10000} */
  readonly openMs?: number;
  /** One attempt to connect. @default {30000} */
  readonly connectMs?: number;
  /** Ending what is under way and freeing what is held; after that it is stopped. @default {2000} */
  readonly closeMs?: number;
  /** Processes only: giving no sign of life, such as an answer or a batch that is done; then it is killed. @default {10000} */
  readonly slotMs?: number;
}

/** Deadlines with every default filled in. */
export interface AllDeadlines {
  /** See {@linkcode PluginDeadlines}. */
  readonly openMs: number;
  /** See {@linkcode PluginDeadlines}. */
  readonly connectMs: number;
  /** See {@linkcode PluginDeadlines}. */
  readonly closeMs: number;
  /** See {@linkcode PluginDeadlines}. */
  readonly slotMs: number;
}

/** Fills in the defaults. */
export function allDeadlines(deadlines: PluginDeadlines = {}): AllDeadlines {
  const { openMs = 10_000, connectMs = 30_000, closeMs = 2_000, slotMs = 10_000 } = deadlines;
  return { openMs, connectMs, closeMs, slotMs };
}
