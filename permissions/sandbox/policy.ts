/** What a sandboxed process may do, as arguments of the launcher. @module */

/** Rights of one process; paths are absolute and exist, their links resolved. */
export interface SandboxPolicy {
  /** Files and folders it may read. */
  readonly read: readonly string[];
  /** Files and folders it may change, make and remove. */
  readonly write: readonly string[];
  /** TCP ports it may connect to; `any` for a grant that names a host and no port. */
  readonly connect: "any" | readonly number[];
  /** TCP ports it may listen on. */
  readonly bind: readonly number[];
  /** What resolving names takes: UDP, and the system's files about it. */
  readonly names: boolean;
  /** Being told when files change; the kernel does not look at which, so the process has to. */
  readonly watch: boolean;
  /** Bytes of private memory it may ask for: a backstop, far above what the host watches for. */
  readonly dataBytes: number;
  /** Bytes up to which it may write one file. */
  readonly fileBytes: number;
  /** Files it may hold open. */
  readonly files: number;
}

/** Descriptor under which a sandboxed process finds the memory it shares with the host. */
export const MEMORY_DESCRIPTOR_PATH = "/proc/self/fd/3";

/** The launcher's arguments, up to and with `--`; a process that runs no plugin shares no memory. */
export function sandboxArguments(policy: SandboxPolicy, memory?: string): string[] {
  const { read, write, connect, bind, names, watch, dataBytes, fileBytes, files } = policy;
  return [
    ...read.map((path) => `--read=${path}`),
    ...write.map((path) => `--write=${path}`),
    ...(connect === "any" ? ["--connect-any"] : connect.map((port) => `--connect=${port}`)),
    ...bind.map((port) => `--bind=${port}`),
    ...(names ? ["--names", "--datagrams"] : []),
    ...(watch ? ["--watch"] : []),
    `--data-bytes=${dataBytes}`,
    `--file-bytes=${fileBytes}`,
    `--files=${files}`,
    ...(memory === undefined ? [] : [`--memory=${memory}`]),
    "--",
  ];
}
