import { stressSource, stressSink } from "./runner_stress.ts";
for (const n of [200000, 200000, 400000, 800000]) { const t = performance.now(); await stressSource(n); console.log(n, (performance.now()-t)/n*1000, "us/batch"); }
