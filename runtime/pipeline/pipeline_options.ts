/** What a pipeline needs, and what it counts. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { Fanout } from "../flow/fanout.ts";
import type { Kernel } from "./kernel.ts";

/** What a pipeline did so far. */
export interface PipelineMetrics {
  /** Events taken. */
  in: number;
  /** Events handed on, those to `err` and other ports included. */
  out: number;
  /** Events an operator let go on purpose. */
  dropped: number;
  /** Events an operator threw on while nothing was linked to `err`. */
  failed: number;
}

/** What a `Pipeline` needs. */
export interface PipelineOptions {
  /** `flow/pipeline`, for errors. */
  readonly alias: string;
  /** Takes what comes out. */
  readonly out: Fanout;
  /** Takes events an operator threw on; when nothing is linked, they are failed. */
  readonly err: Fanout;
  /** Takes what is emitted to a port beside `out` and `err`. @default {nothing does} */
  readonly port?: (name: string) => Fanout;
  /** Whether what is linked to a port takes events now. @default {always} */
  readonly takes?: (port: string) => boolean;
  /** Told about each event an operator threw on, and about what an operator warns of. */
  readonly onError: (error: CaissonError) => void;
  /** Does the first steps of a pipeline that is one chain, see `kernelProgram`. @default {the operators do} */
  readonly kernel?: Kernel | undefined;
  /** The time, milliseconds since 1970. @default {Date.now} */
  readonly clock?: () => number;
}
