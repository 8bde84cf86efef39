/** Makes a call site where making code of text is forbidden; fails unless it works all the same. @module */
import { callSite } from "../../ffi/call_site.ts";

const called = (left: number, right: number): number => left - right;
const site = callSite(called, 2);
if (site !== called || site(5, 3) !== 2) throw new Error("not called as it is");
