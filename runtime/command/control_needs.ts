/** What the control API takes of the host process. @module */
import { resolve } from "@std/path";
import { sourceFolder } from "../control/watch_plugins.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
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

/** Permissions for replacing plugins when their files are saved: what is built is compiled again. */
export function watchNeeds(plugins: readonly RegisteredPlugin[]): HostNeed[] {
  const reason = "compiling a plugin that was saved";
  return plugins.map(sourceFolder).filter((folder) => folder !== undefined).flatMap((value): HostNeed[] => [
    { key: "read", value, reason },
    { key: "write", value, reason },
    { key: "run", value: "cc", reason },
  ]);
}
