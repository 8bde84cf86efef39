/** Prints where this process would keep its cache. @module */
import { cacheFolder } from "../../ffi/cache_folder.ts";

// deno-lint-ignore no-console -- how it reports
console.log(JSON.stringify(cacheFolder()));
