/** The policy of a plugin's process: what its grant says, and what it cannot start without. @module */
import { dirname } from "@std/path";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { realPathOf } from "../real_path.ts";
import { parseNet } from "../values.ts";
import type { SandboxPolicy } from "./policy.ts";

const MIB = 1 << 20;
const DNS_PORT = 53;

/** What {@linkcode guardPolicy} and {@linkcode runnerPolicy} need. */
export interface ProcessPolicyOptions {
  /** Name of the plugin, for messages. */
  readonly plugin: string;
  /** Files and folders it reads besides its program and libraries. */
  readonly files: readonly string[];
  /** What the operator granted. */
  readonly granted: {
    readonly net: false | readonly string[];
    readonly read: false | readonly string[];
    readonly write: false | readonly string[];
  };
  /** Physical memory the host lets it hold, bytes. */
  readonly memoryBytes: number;
  /** Up to which size it may write a file, MiB; then the kernel ends it with SIGXFSZ. @default {4096} */
  readonly fileMiB?: number | undefined;
}

/** Deno asks for this much beyond what the plugin may hold, most of it never touched. Measured: see decision 0007. */
const GUARD_SPARE_MIB = 2048;
const RUNNER_SPARE_MIB = 256;
/** Far above what a plugin writes before it begins a new file, far below a disk. */
const FILE_MIB = 4096;

/** Whether a host is written as an address, so that no name has to be resolved. */
function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * The policy of a guard. Deno itself keeps host names and single files; the sandbox keeps ports, and folders for files
 * that are not there yet.
 */
export async function guardPolicy(options: ProcessPolicyOptions): Promise<SandboxPolicy> {
  const { files, granted, memoryBytes } = options;
  const addresses = (granted.net || []).map(parseNet).filter((address) => typeof address !== "string");
  const resolves = addresses.some(({ host }) => !isAddress(host));
  const ports = addresses.map(({ port }) => port).filter((port) => port !== undefined);
  const anyPort = addresses.some(({ port }) => port === undefined);
  const written = await Promise.all((granted.write || []).map(folderOfMissing));
  return {
    read: unique(await Promise.all([...files, ...(granted.read || [])].map(realPathOf))),
    write: unique(written),
    connect: anyPort ? "any" : unique([...ports, ...(resolves ? [DNS_PORT] : [])]),
    bind: unique(ports),
    names: resolves,
    watch: true,
    dataBytes: memoryBytes + GUARD_SPARE_MIB * MIB,
    fileBytes: (options.fileMiB ?? FILE_MIB) * MIB,
    files: 1024,
  };
}

/**
 * The policy of a runner: nothing but the kernel holds native code, so what the kernel cannot tell apart is refused.
 *
 * @throws {CaissonError} `CAISSON_GRANT_UNENFORCEABLE` for a host name or address, or a path that is not there
 */
export async function runnerPolicy(options: ProcessPolicyOptions): Promise<SandboxPolicy> {
  const { plugin, files, granted, memoryBytes } = options;
  const ports = nativePorts(plugin, granted.net);
  return {
    read: unique([...await Promise.all(files.map(realPathOf)), ...await present(plugin, "read", granted.read)]),
    write: unique(await present(plugin, "write", granted.write)),
    connect: ports,
    bind: ports,
    names: false,
    watch: false,
    dataBytes: memoryBytes + RUNNER_SPARE_MIB * MIB,
    fileBytes: (options.fileMiB ?? FILE_MIB) * MIB,
    files: 256,
  };
}

/**
 * Ports of a native plugin: the kernel's rules know ports and no hosts, so a grant has to say that any host is meant.
 *
 * @throws {CaissonError} `CAISSON_GRANT_UNENFORCEABLE`
 */
function nativePorts(plugin: string, net: false | readonly string[]): number[] {
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
      // The host may not look; the launcher will find out.
      if (!(cause instanceof Deno.errors.NotFound)) return path;
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
  const there = await Deno.lstat(real).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
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
