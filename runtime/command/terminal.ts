/** Writes to standard output and standard error; both are synchronous, so that nothing is lost at exit. @module */

/** One of the two streams. */
export interface Output {
  /** Whether somebody looks at it. */
  readonly terminal: boolean;
  /** Whether escape sequences for colour may be written. */
  readonly colour: boolean;
  /** Writes text as it is. */
  write(text: string): void;
}

interface SyncStream {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

function output(stream: SyncStream): Output {
  const encoder = new TextEncoder();
  const terminal = stream.isTerminal();
  let open = true;
  return {
    terminal,
    colour: terminal && !Deno.noColor,
    write(text): void {
      if (!open) return;
      const bytes = encoder.encode(text);
      try {
        for (let at = 0; at < bytes.byteLength;) at += stream.writeSync(bytes.subarray(at));
      } catch (error) {
        // `caisson plugins | head -1`: whoever read has enough, which is no failure of ours.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        open = false;
      }
    },
  };
}

/** Data: what a command was asked for. */
export const standardOutput: Output = output(Deno.stdout);

/** Everything else: errors, notes, progress. */
export const standardError: Output = output(Deno.stderr);
