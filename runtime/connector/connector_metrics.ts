/** What a connector or processor counts. @module */

/** Numbers of one node of a flow. */
export interface NodeMetrics {
  /** Events that came in: read by a source, taken by a sink or processor. */
  in: number;
  /** Events that went out: handed on by a source or processor, delivered by a sink. */
  out: number;
  /** Events let go on purpose. */
  dropped: number;
  /** Events that failed here. */
  failed: number;
  /** Payload bytes that went through. */
  bytes: number;
  /** Batches that went through. */
  batches: number;
}

/** All zero. */
export function emptyMetrics(): NodeMetrics {
  return { in: 0, out: 0, dropped: 0, failed: 0, bytes: 0, batches: 0 };
}
