/** What every way to send a message offers to whoever measures it. @module */

/** Message sizes, bytes. */
export const SIZES = [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304] as const;

/** One way to send a message. */
export interface Transport {
  /** Its name in the report. */
  readonly name: string;
  /** Sends and waits until it is back. */
  echo(size: number): Promise<void> | void;
  /** Bytes moved one way in about this time, and how long it really took. */
  flow(size: number, milliseconds: number): Promise<{ bytes: number; milliseconds: number } | undefined>;
  /** Ends what it started. */
  close(): Promise<void> | void;
}
