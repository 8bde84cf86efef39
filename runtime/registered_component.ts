/** What a flow can name. @module */
import type { ComponentInstance, PartContext } from "./connector/contract.ts";
import type { ConfigSchema } from "./manifest/config_schema.ts";
import type { ComponentKind, Provision } from "./manifest/manifest.ts";
import type { RegisteredPlugin } from "./registered_plugin.ts";

/** Name that stands before the colon for the host's own components. */
export const builtinName: string = "builtin";

/** Makes a builtin component. */
export type BuiltinFactory = (
  context: PartContext,
) => ComponentInstance["part"] | Promise<ComponentInstance["part"]>;

/** What both kinds of component have. */
interface ComponentBase {
  /** Kind. */
  readonly kind: ComponentKind;
  /** Name. */
  readonly name: string;
  /** JSON Schema of its configuration; without one it takes none. */
  readonly configSchema: ConfigSchema | undefined;
}

/** A component of the host itself. */
export interface BuiltinComponent extends ComponentBase {
  /** Makes an instance. */
  readonly builtin: BuiltinFactory;
  /** Only plugins' components have one. */
  readonly plugin?: undefined;
}

/** A component of a registered plugin. */
export interface PluginComponent extends ComponentBase {
  /** Only the host's own components have one. */
  readonly builtin?: undefined;
  /** The plugin. */
  readonly plugin: RegisteredPlugin;
  /** Its entry in the manifest. */
  readonly provision: Provision;
}

/** A component a flow can name. */
export type RegisteredComponent = BuiltinComponent | PluginComponent;

/** The components a plugin provides. */
export function componentsOf(plugin: RegisteredPlugin): PluginComponent[] {
  return plugin.package.manifest.provides.map((provision) => ({
    kind: provision.kind,
    name: provision.name,
    configSchema: provision.config,
    plugin,
    provision,
  }));
}

/** Name of a component with its plugin's before it: what a flow can always write. */
export function fullName(component: RegisteredComponent): string {
  const plugin = component.plugin?.package.manifest.name ?? builtinName;
  return `${plugin}:${component.name}`;
}
