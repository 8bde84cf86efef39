/** What the red team tries, and what came of it. @module */

/** Where an attack is run. `host` attacks come as files and texts, before any code of a plugin runs. */
export type Place = "worker" | "guard" | "runner" | "host";

/**
 * What shows that an attack got through. The judge looks at the world, not at what the attacker says:
 * `secret`: it knows the text of a file it was not granted; `environment`: it knows a variable of the host;
 * `connection`: a server it was not granted heard from it; `drop`: a file is there that it may not write;
 * `victim`: a process that is not its own has ended; `host`: the host no longer answers, or ended;
 * `told`: it says so itself, where nothing outside can see it.
 */
export type Evidence = "secret" | "environment" | "connection" | "drop" | "victim" | "host" | "told";

/** What came of one attack in one place. */
export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly place: Place;
  /** `gap`: it gets through, and the documentation says so. */
  readonly state: "refused" | "escaped" | "gap";
  /** What refused it, or what was taken. */
  readonly by: string;
  /** Whether it got through where the protection was off; `undefined` where no such run makes sense. */
  readonly works: boolean | undefined;
}

/** An attack written in TypeScript: the body of an async function of `target`, run inside a plugin's `read`. */
export interface TypeScriptAttack {
  readonly id: string;
  readonly title: string;
  readonly evidence: Evidence;
  /** Static imports before the plugin's first line; `SECRET` stands for the file's URL. */
  readonly header?: string;
  readonly code: string;
  /** What the plugin was granted; `FOLDER` stands for its data folder, `ALLOWED` for a server. */
  readonly granted?: Readonly<Record<string, readonly string[]>>;
  /** A Worker cannot refuse it: the sentence in docs/security.md. */
  readonly gap?: string;
  /** It can end its process: it is run in a host of its own. */
  readonly lethal?: boolean;
  /** Places it makes sense in. @default {worker and guard} */
  readonly places?: readonly ("worker" | "guard")[];
}

/** What attackers aim at; the configuration of the attacking plugin. */
export interface Target {
  /** A file the plugin may not read; JSON, JavaScript and text at once. */
  readonly secretFile: string;
  /** A file the plugin may not create. */
  readonly drop: string;
  /** A folder the plugin may read and write, when granted. */
  readonly folder: string;
  /** A TCP port of a server that counts its connections, not granted. */
  readonly port: number;
  /** A TCP port that may be granted and redirects to {@linkcode Target.port}. */
  readonly allowedPort: number;
  /** A UDP port that counts datagrams. */
  readonly datagramPort: number;
  /** A Unix socket that counts its connections. */
  readonly socketPath: string;
  /** A process that nobody but its owner may end. */
  readonly victim: number;
  /** Name of a variable of the host. */
  readonly variable: string;
  /** Whether the attack runs without protection. */
  readonly unprotected: boolean;
}
