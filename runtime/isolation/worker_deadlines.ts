/** How long a plugin in a Worker may take to answer. @module */

/** Deadlines of one instance, milliseconds. */
export interface WorkerDeadlines {
  /** Loading the plugin and creating the component. @default {10000} */
  readonly openMs?: number;
  /** One attempt to connect. @default {30000} */
  readonly connectMs?: number;
  /** Ending what is under way and freeing what is held; after that the Worker is stopped. @default {2000} */
  readonly closeMs?: number;
}

/** Deadlines with every default filled in. */
export interface AllDeadlines {
  /** See {@linkcode WorkerDeadlines}. */
  readonly openMs: number;
  /** See {@linkcode WorkerDeadlines}. */
  readonly connectMs: number;
  /** See {@linkcode WorkerDeadlines}. */
  readonly closeMs: number;
}

/** Fills in the defaults. */
export function allDeadlines(deadlines: WorkerDeadlines = {}): AllDeadlines {
  const { openMs = 10_000, connectMs = 30_000, closeMs = 2_000 } = deadlines;
  return { openMs, connectMs, closeMs };
}
