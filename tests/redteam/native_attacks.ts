/** Attacks written in C, against `runner`; their code is in `intruder/`. @module */
import type { Evidence } from "./attack.ts";

/** One attack in C. */
export interface NativeAttack {
  /** Name in the tables of the C files. */
  readonly id: string;
  readonly title: string;
  readonly evidence: Evidence;
  /** What the plugin was granted; `FOLDER` stands for its data folder. */
  readonly granted?: Readonly<Record<string, readonly string[]>>;
  /** Why it comes to nothing without the sandbox on some machines too: then nothing is shown by it there. */
  readonly needs?: string;
}

const folder = { read: ["FOLDER"], write: ["FOLDER"] } as const;

/** All of them. */
export const nativeAttacks: readonly NativeAttack[] = [
  { id: "read-open", title: "open of a file outside", evidence: "secret" },
  { id: "read-openat2", title: "openat2 of a file outside", evidence: "secret" },
  { id: "read-parent", title: "a path with .. out of a granted folder", evidence: "secret", granted: folder },
  { id: "read-own-link", title: "a symbolic link it makes in a granted folder", evidence: "secret", granted: folder },
  { id: "read-hard-link", title: "a hard link it makes in a granted folder", evidence: "secret", granted: folder },
  {
    id: "read-planted-link",
    title: "a symbolic link that lies in a granted folder",
    evidence: "secret",
    granted: folder,
  },
  { id: "read-link-race", title: "a file that becomes a link when it is opened", evidence: "secret", granted: folder },
  { id: "read-etc", title: "/etc/passwd", evidence: "told" },
  { id: "read-root-of-process", title: "/proc/self/root", evidence: "secret" },
  { id: "read-handle", title: "open_by_handle_at", evidence: "secret", needs: "root" },
  { id: "write-outside", title: "creating a file outside", evidence: "drop" },
  { id: "make-folder", title: "creating a folder outside", evidence: "drop" },
  { id: "make-device", title: "creating a pipe outside", evidence: "drop" },
  { id: "rename-out", title: "renaming a file out of a granted folder", evidence: "drop", granted: folder },
  { id: "truncate-secret", title: "truncate of a file outside", evidence: "told" },
  { id: "change-mode", title: "chmod of a file outside", evidence: "told" },
  { id: "read-host-environ", title: "/proc/<host>/environ", evidence: "environment" },
  { id: "connect-tcp", title: "a TCP connection", evidence: "connection" },
  { id: "connect-tcp6", title: "a TCP connection by a mapped IPv6 address", evidence: "connection" },
  { id: "send-with-connect", title: "a TCP connection by sendto (fast open)", evidence: "connection" },
  { id: "connect-multipath", title: "a connection by multipath TCP", evidence: "connection" },
  { id: "send-datagram", title: "a UDP datagram", evidence: "connection" },
  { id: "ask-name-server", title: "a question to a name server", evidence: "connection" },
  { id: "connect-unix", title: "a Unix socket", evidence: "connection" },
  { id: "listen-tcp", title: "listening on a TCP port", evidence: "told" },
  { id: "listen-without-bind", title: "listening without bind", evidence: "told" },
  { id: "open-raw", title: "a raw socket", evidence: "told", needs: "root" },
  { id: "open-packet", title: "a packet socket", evidence: "told", needs: "root" },
  { id: "open-netlink", title: "a netlink socket", evidence: "told" },
  { id: "open-vsock", title: "a vsock socket", evidence: "told" },
  { id: "open-pair", title: "a socket pair, over which descriptors pass", evidence: "told" },
  { id: "run-fork", title: "fork and exec", evidence: "drop" },
  { id: "run-vfork", title: "posix_spawn", evidence: "drop" },
  { id: "run-system", title: "system", evidence: "drop" },
  { id: "run-exec", title: "exec in its own place", evidence: "drop" },
  { id: "run-memory-file", title: "a program in a memory file (memfd and fexecve)", evidence: "drop" },
  { id: "fork-bomb", title: "a fork bomb", evidence: "told" },
  { id: "clone-process", title: "clone without a thread", evidence: "told" },
  { id: "clone3-process", title: "clone3", evidence: "told" },
  { id: "kill-victim", title: "kill of another process", evidence: "victim" },
  { id: "kill-by-descriptor", title: "pidfd_send_signal to another process", evidence: "victim" },
  { id: "kill-queue", title: "sigqueue to another process", evidence: "victim" },
  { id: "signal-host", title: "a signal to the host", evidence: "told" },
  { id: "trace-victim", title: "ptrace of another process", evidence: "told" },
  { id: "read-victim-memory", title: "/proc/<process>/mem", evidence: "told" },
  { id: "write-victim-memory", title: "process_vm_readv of another process", evidence: "told" },
  { id: "list-processes", title: "/proc/<process>/cmdline", evidence: "told" },
  { id: "change-victim-limits", title: "prlimit of another process", evidence: "told" },
  { id: "change-victim-priority", title: "setpriority of another process", evidence: "told" },
  { id: "raise-limits", title: "raising its own limits", evidence: "told", needs: "root" },
  { id: "dump-core", title: "core files without limit", evidence: "told", needs: "root" },
  { id: "become-root", title: "becoming root", evidence: "told", needs: "root" },
  { id: "use-io-uring", title: "io_uring", evidence: "told" },
  { id: "use-bpf", title: "bpf", evidence: "told", needs: "root" },
  { id: "use-perf", title: "perf_event_open", evidence: "told", needs: "root" },
  { id: "use-userfaultfd", title: "userfaultfd", evidence: "told" },
  { id: "use-keyring", title: "a key in the user's keyring", evidence: "told" },
  { id: "use-namespace", title: "a namespace of its own", evidence: "told", needs: "root" },
  { id: "use-user-namespace", title: "a user namespace", evidence: "told" },
  { id: "mount", title: "mount", evidence: "told", granted: folder, needs: "root" },
  { id: "change-root", title: "chroot", evidence: "told", needs: "root" },
  { id: "change-host-name", title: "sethostname", evidence: "told", needs: "root" },
  { id: "open-terminal", title: "a terminal", evidence: "told" },
  { id: "open-kernel-log", title: "the kernel's log", evidence: "told", needs: "root" },
  { id: "take-descriptor", title: "pidfd_getfd of another process", evidence: "told" },
  { id: "watch-files", title: "fanotify", evidence: "told", needs: "root" },
  { id: "read-kernel-symbols", title: "/proc/kallsyms", evidence: "told" },
];
