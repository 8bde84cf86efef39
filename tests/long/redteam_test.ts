import { assert, assertEquals } from "@std/assert";
import { runCampaign } from "../redteam/campaign.ts";

Deno.test({
  name: "the whole red team: nothing gets out of a guard or a runner",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { outcomes, escaped } = await runCampaign();
    assertEquals(outcomes.filter(({ state }) => state === "escaped"), []);
    assertEquals(escaped, 0);
    const refusedIn = (place: string): number =>
      outcomes.filter((outcome) => outcome.place === place && outcome.state === "refused" && outcome.works).length;
    assert(refusedIn("runner") >= 20 && refusedIn("guard") >= 20 && refusedIn("worker") >= 10);
  },
});
