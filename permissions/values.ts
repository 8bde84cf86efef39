/** What may stand in a permission list: exact values only, no wildcards. @module */

/** A permission a plugin can ask for, by Deno's name. */
export type PermissionKey = "net" | "read" | "write" | "env" | "sys";

/** Every permission a plugin can ask for, in the order they are shown. */
export const permissionKeys: readonly PermissionKey[] = [
  "net",
  "read",
  "write",
  "env",
  "sys",
];

/** Why the other permissions of Deno are never granted. */
export const neverGranted: Readonly<Record<"run" | "ffi" | "import", string>> = {
  run: "a plugin is never granted run: a process it starts has none of its limits",
  ffi: "a TypeScript plugin is never granted ffi: native code is past every permission; write a native plugin instead",
  import: "a plugin is never granted import: all of its code is checked before it runs, so it ships what it needs",
};

/** Kinds of system information Deno knows. */
export const sysKinds: readonly string[] = [
  "cpus",
  "getPriority",
  "getegid",
  "gid",
  "homedir",
  "hostname",
  "loadavg",
  "networkInterfaces",
  "osRelease",
  "osUptime",
  "setPriority",
  "statfs",
  "systemMemoryInfo",
  "uid",
  "userInfo",
  "username",
];

/** A host, and one port of it or all. */
export interface NetAddress {
  /** Lower-case name, dotted IPv4 address, or IPv6 address in brackets. */
  readonly host: string;
  /** Absent means every port. */
  readonly port?: number;
}

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Reads `host` or `host:port`; a text says why it is refused. */
export function parseNet(value: string): NetAddress | string {
  if (value.includes("://")) {
    return "a URL; write host:port, without scheme and path";
  }
  if (value.includes("*")) {
    return "a wildcard; name each host, so that it is known where data can go";
  }
  if (value.includes("/")) {
    return "a path or an address range; write host:port";
  }
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(value);
  if (match === null) return "no host; IPv6 addresses stand in brackets";
  const host = parseHost(match[1]!);
  if (host === undefined) return "no host name or address";
  if (match[2] === undefined) return { host };
  const port = Number(match[2]);
  if (!/^[1-9][0-9]{0,4}$/.test(match[2]) || port > 65535) {
    return "no port from 1 to 65535";
  }
  return { host, port };
}

function parseHost(text: string): string | undefined {
  if (text.startsWith("[")) {
    try {
      // One spelling for each address: Deno compares the address, not the text.
      return new URL(`http://${text}`).hostname;
    } catch {
      return undefined;
    }
  }
  const host = text.toLowerCase().replace(/\.$/, "");
  const labels = host.split(".");
  if (host.length > 253 || !labels.every((each) => label.test(each))) {
    return undefined;
  }
  // A last label of digits makes it an address, which has one way only to be written here: 127.1 is refused.
  if (!/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1)!)) return host;
  return labels.length === 4 &&
      labels.every((each) => /^(?:0|[1-9][0-9]{0,2})$/.test(each)) &&
      labels.every((each) => Number(each) <= 255)
    ? host
    : undefined;
}

/** Writes an address as Deno's lists have it. */
export function formatNet({ host, port }: NetAddress): string {
  return port === undefined ? host : `${host}:${port}`;
}

/** Why a value may not stand in a list of this key, or `undefined`. */
export function valueProblem(
  key: PermissionKey,
  value: string,
): string | undefined {
  switch (key) {
    case "net": {
      const parsed = parseNet(value);
      return typeof parsed === "string" ? parsed : hostProblem(parsed.host);
    }
    case "env":
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value)
        ? undefined
        : value.includes("*")
        ? "a wildcard; name each variable"
        : "no name of an environment variable";
    case "sys":
      return sysKinds.includes(value) ? undefined : `no kind of system information; Deno knows ${sysKinds.join(", ")}`;
    case "read":
    case "write":
      return pathProblem(value);
  }
}

/** Hosts that can be written in a way that says more exactly what they are. */
function hostProblem(host: string): string | undefined {
  if (host === "localhost" || host.endsWith(".localhost")) {
    return "a name of this machine itself; write its address, such as 127.0.0.1:8080";
  }
  // Deno takes it for another address than the IPv4 one, and connects to that all the same.
  return host.startsWith("[::ffff:") ? "an IPv4 address in IPv6 form; write it as IPv4" : undefined;
}

function pathProblem(path: string): string | undefined {
  if (path === "") return "an empty path";
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path)) return "a control character";
  if (path.startsWith("~")) {
    return "a ~, which no shell expands here; write the whole path";
  }
  if (path.includes("*")) return "a wildcard; name the folder";
  // Deno splits its lists at commas and has no way to write one.
  if (path.includes(",")) return "a comma, which no Deno flag can express";
  if (/^[A-Za-z][A-Za-z0-9+.-]+:/.test(path)) return "a URL; write a path";
  return undefined;
}
