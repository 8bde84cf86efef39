/** What the control API takes of the host process. @module */
import { resolve } from "@std/path";
import type { HostNeed } from "./host_need.ts";

/** Permissions for an address: `PORT`, `127.0.0.1:PORT` or `unix:PATH`. */
export function addressNeeds(address: string, reason: string): HostNeed[] {
  if (!address.startsWith("unix:")) {
    return [{ key: "net", value: address.includes(":") ? address : `127.0.0.1:${address}`, reason }];
  }
  const value = resolve(address.slice(5));
  return (["read", "write"] as const).map((key) => ({ key, value, reason }));
}

/** Permissions for serving it. The file is written under another name first, so its folder is what may be written. */
export function controlNeeds(address: string, folder: string): HostNeed[] {
  return [
    ...addressNeeds(address, "the control API"),
    { key: "read", value: folder, reason: "the control file" },
    { key: "write", value: folder, reason: "the control file" },
  ];
}
