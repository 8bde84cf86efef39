/** Names of platforms, as sealed manifests use them. @module */

/** What an object file of a platform looks like. */
export interface PlatformFormat {
  /** Kind of object file. */
  readonly format: "elf" | "mach-o" | "pe";
  /** ELF `e_machine` number of the machine, as descriptors state it on every platform. */
  readonly machine: number;
  /** Name of the machine. */
  readonly arch: string;
  /** How names of libraries end, without the dot. */
  readonly extension: string;
}

/** ELF `e_machine` numbers of the machines there are. */
export const MACHINES: ReadonlyMap<string, number> = new Map([
  ["x86_64", 62],
  ["aarch64", 183],
  ["riscv64", 243],
]);

/** Name of a machine by its ELF number, or the number itself. */
export function machineName(machine: number): string {
  const known = [...MACHINES].find(([, number]) => number === machine);
  return known?.[0] ?? `machine ${machine}`;
}

/** The platform this process runs on, such as `linux-x86_64`. */
export function hostPlatform(): string {
  return `${Deno.build.os}-${Deno.build.arch}`;
}

/** What libraries of a platform look like; `undefined` for a platform nobody knows. */
export function platformFormat(platform: string): PlatformFormat | undefined {
  const dash = platform.lastIndexOf("-");
  const os = platform.slice(0, dash);
  const arch = platform.slice(dash + 1);
  const machine = MACHINES.get(arch);
  if (dash < 0 || machine === undefined) return undefined;
  switch (os) {
    case "darwin":
      return { format: "mach-o", machine, arch, extension: "dylib" };
    case "windows":
      return { format: "pe", machine, arch, extension: "dll" };
    case "linux":
    case "freebsd":
    case "netbsd":
    case "android":
      return { format: "elf", machine, arch, extension: "so" };
    default:
      return undefined;
  }
}

/** How names of libraries end on this platform, without the dot. */
export function libraryExtension(): string {
  return platformFormat(hostPlatform())?.extension ?? "so";
}
