// Checks that the stand-ins and the real `@std` have the same types, both ways:
// `deno check scripts/offline/conform.ts` fails where one drifts. It means
// something only where JSR is reachable, so `deno task check:standins` runs it
// and `deno task ok` does not.
import * as realAssert from "@std/assert";
import * as realPath from "@std/path";
import * as realStreams from "@std/streams";
import * as assert from "./std/assert.ts";
import * as path from "./std/path.ts";
import * as streams from "./std/streams.ts";

/** A module's public face: private members would make every class unlike any other. */
type Face<Module> = {
  [Name in keyof Module]: Module[Name] extends new (...args: infer Args) => infer Instance
    ? new (...args: Args) => { [Member in keyof Instance]: Instance[Member] }
    : Module[Name];
};

/** What of a module's face another module has too. */
type Shared<Module, Other> = Pick<
  Face<Module>,
  Extract<keyof Module, keyof Other>
>;

// A stand-in may not have a name the original lacks, nor demand or promise more.
assert satisfies Pick<Face<typeof realAssert>, keyof typeof assert>;
path satisfies Pick<Face<typeof realPath>, keyof typeof path>;
streams satisfies Pick<Face<typeof realStreams>, keyof typeof streams>;

// Whatever code does with a stand-in, it must be able to do with the original.
realAssert satisfies Shared<typeof assert, typeof realAssert>;
realPath satisfies Shared<typeof path, typeof realPath>;
realStreams satisfies Shared<typeof streams, typeof realStreams>;
