/**
 * The entry module of every plugin Worker. Deno reads the static imports of an entry module with the host's permissions,
 * so it is ours and imports only our own files; the plugin comes through a computed `import()`, which is checked with the
 * Worker's permissions, together with everything the plugin imports.
 * @module
 */
import { closeStdio } from "./plugin_side/close_stdio.ts";
import { hearHost, tellHost } from "./plugin_side/host_channel.ts";
import { PluginHost } from "./plugin_side/host_plugin.ts";

closeStdio();
const host = new PluginHost({ tell: tellHost });
hearHost((message) => void host.take(message));
