/** The policy of a plugin's process: what its grant says, and what it cannot start without. @module */
import { dirname } from "@std/path";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { realPathOf } from "../real_path.ts";
import { parseNet } from "../values.ts";
import type { SandboxPolicy } from "./policy.ts";

const MIB = 1 << 20;
/** Where loaders and libraries lie; those that are there. */
const LIBRARIES: readonly string[] = [
  "/lib",
  "/lib64",
  "/usr/lib",
  "/usr/lib64",
  "/usr/local/lib",
  "/nix/store",
  "/etc/ld.so.cache",
  "/usr/share/zoneinfo",
  "/etc/localtime",
  "/dev/urandom",
];
/** What the kernel starts for a program that needs shared libraries. */
const LOADERS: readonly string[] = [
  "/lib64/ld-linux-x86-64.so.2",
  "/lib/ld-linux-aarch64.so.1",
  "/lib/ld-musl-x86_64.so.1",
  "/lib/ld-musl-aarch64.so.1",
];
/** The process's own, once the launcher opens it: the C library finds the end of a stack there. */
const OWN_MAPS = "/proc/self/maps";
/** How names become addresses. */
const RESOLVER: readonly string[] = [
  "/etc/resolv.conf",
  "/etc/hosts",
  "/etc/nsswitch.conf",
  "/etc/host.conf",
  "/etc/gai.conf",
  "/etc/services",
];
const DNS_PORT = 53;

/** What {@linkcode guardPolicy} and {@linkcode runnerPolicy} need. */
export interface ProcessPolicyOptions {
  /** Name of the plugin, for messages. */
  readonly plugin: string;
  /** The program that is started. */
  readonly program: string;
  /** Files and folders it reads besides libraries. */
  readonly files: readonly string[];
  /** What the operator granted. */
  readonly granted: {
    readonly net: false | readonly string[];
    readonly read: false | readonly string[];
    readonly write: false | readonly string[];
  };
  /** Physical memory the host lets it hold, bytes. */
  readonly memoryBytes: number;
}

/** Deno asks for this much beyond what the plugin may hold, most of it never touched. Measured: see decision 0007. */
const GUARD_SPARE_MIB = 2048;
const RUNNER_SPARE_MIB = 256;

async function existing(paths: readonly string[]): Promise<string[]> {
  const real = await Promise.all(paths.map((path) => Deno.realPath(path).catch(() => undefined)));
  return [...new Set(real.filter((path) => path !== undefined))];
}

let libraries: Promise<{ read: string[]; loaders: string[] }> | undefined;

function systemFiles(): Promise<{ read: string[]; loaders: string[] }> {
  return libraries ??= Promise.all([existing(LIBRARIES), existing(LOADERS)])
    .then(([read, loaders]) => ({ read: [...read, OWN_MAPS], loaders }));
}

/** Whether a host is written as an address, so that no name has to be resolved. */
function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * The policy of a guard. Deno itself keeps host names and single files; the sandbox keeps ports, and folders for files
 * that are not there yet.
 */
export async function guardPolicy(options: ProcessPolicyOptions): Promise<SandboxPolicy> {
  const { program, files, granted, memoryBytes } = options;
  const { read, loaders } = await systemFiles();
  const addresses = (granted.net || []).map(parseNet).filter((address) => typeof address !== "string");
  const resolves = addresses.some(({ host }) => !isAddress(host));
  const ports = addresses.map(({ port }) => port).filter((port) => port !== undefined);
  const anyPort = addresses.some(({ port }) => port === undefined);
  const written = await Promise.all((granted.write || []).map(folderOfMissing));
  return {
    read: unique([
      ...read,
      ...await existing([...files, ...(granted.read || [])]),
      ...(resolves ? await existing(RESOLVER) : []),
    ]),
    write: unique([...written, ...await existing(["/dev/null"])]),
    execute: unique([await Deno.realPath(program), ...loaders]),
    connect: anyPort ? "any" : unique([...ports, ...(resolves ? [DNS_PORT] : [])]),
    bind: unique(ports),
    datagrams: resolves,
    dataBytes: memoryBytes + GUARD_SPARE_MIB * MIB,
    files: 1024,
  };
}

/**
 * The policy of a runner: nothing but the kernel holds native code, so what the kernel cannot tell apart is refused.
 *
 * @throws {CaissonError} `CAISSON_GRANT_UNENFORCEABLE` for a host name or address, or a path that is not there
 */
export async function runnerPolicy(options: ProcessPolicyOptions): Promise<SandboxPolicy> {
  const { plugin, program, files, granted, memoryBytes } = options;
  const { read, loaders } = await systemFiles();
  const ports = nativePorts(plugin, granted.net);
  return {
    read: unique([...read, ...await existing(files), ...await present(plugin, "read", granted.read)]),
    write: unique([...await present(plugin, "write", granted.write), ...await existing(["/dev/null"])]),
    execute: unique([await Deno.realPath(program), ...loaders]),
    connect: ports,
    bind: ports,
    datagrams: false,
    dataBytes: memoryBytes + RUNNER_SPARE_MIB * MIB,
    files: 256,
  };
}

/**
 * Ports of a native plugin: the kernel's rules know ports and no hosts, so a grant has to say that any host is meant.
 *
 * @throws {CaissonError} `CAISSON_GRANT_UNENFORCEABLE`
 */
export function nativePorts(plugin: string, net: false | readonly string[]): number[] {
  return unique((net || []).map((value) => {
    const address = parseNet(value);
    if (typeof address !== "string" && address.host === "0.0.0.0" && address.port !== undefined) return address.port;
    throw unenforceable(plugin, `net ${value} for native code`, "a port of any host, such as 0.0.0.0:443");
  }));
}

async function present(plugin: string, key: string, paths: false | readonly string[]): Promise<string[]> {
  return await Promise.all((paths || []).map(async (path) => {
    try {
      return await Deno.realPath(path);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw unenforceable(
        plugin,
        `${key} ${path}, which is not there`,
        "a file or folder that exists: create it first",
      );
    }
  }));
}

/** A file that is not there yet is made in its folder, which is what the kernel can be told of. */
async function folderOfMissing(path: string): Promise<string> {
  const real = await realPathOf(path);
  const there = await Deno.lstat(real).then(() => true, () => false);
  return there ? real : dirname(real);
}

function unenforceable(plugin: string, found: string, allowed: string): CaissonError {
  return new CaissonError("CAISSON_GRANT_UNENFORCEABLE", {
    subject: plugin,
    found,
    allowed,
    action: 'Narrow the grant, or, after a review, let it run without a sandbox: "unsandboxed": true.',
  });
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
