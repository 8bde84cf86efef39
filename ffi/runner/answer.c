#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* As the host reads it: runtime/isolation/plugin_side/verdict_text.ts. */
#define REASONS_BYTES 16384u

static void use_arena(const batch_view *slot, uint32_t used) {
  slot->block->arena_used = used;
  slot->segments[0].length = used;
}

void slot_fail(const batch_view *slot, const fault *why) {
  const uint32_t room = slot->arena_bytes < REASONS_BYTES ? slot->arena_bytes : REASONS_BYTES;
  text reasons = text_in((char *)slot->arena, room);
  slot->block->verdict_default = CAISSON_RETRY;
  slot->block->verdict_count = 0;
  text_put(&reasons, "{\"fault\":{\"name\":");
  text_put_string(&reasons, why->name, strlen(why->name));
  text_put(&reasons, ",\"message\":");
  text_put_string(&reasons, why->message, strlen(why->message));
  text_put(&reasons, ",\"stack\":\"\"}}");
  /* Cut JSON would not parse: without room there are verdicts and no words. */
  use_arena(slot, reasons.full ? 0 : (uint32_t)reasons.length);
}

/* Adds a verdict to a slot's list; an event that is dropped needs no more attention than one that was written. */
static void add_verdict(const batch_view *slot, caisson_verdict verdict) {
  if (verdict.action == CAISSON_ACK || verdict.action == CAISSON_DROP) return;
  slot->verdicts[slot->block->verdict_count++] = verdict;
}

int slot_judge(const batch_view *slot, uint32_t count, const batch_view *verdicts, fault *why) {
  const caisson_batch *said = verdicts->block;
  const uint32_t rest = (said->flags & CAISSON_BATCH_OVERFLOW) != 0 ? CAISSON_RETRY : said->verdict_default;
  const uint32_t listed = said->verdict_count;
  slot->block->verdict_default = CAISSON_ACK;
  slot->block->verdict_count = 0;
  use_arena(slot, 0);
  if (listed == 0 && (rest == CAISSON_ACK || rest == CAISSON_DROP)) return 1;
  if (listed > count || listed > verdicts->capacity || rest > CAISSON_DROP) {
    fault_set(why, "CAISSON_NATIVE_BATCH", "%u verdicts on %u events, default %u", listed, count, rest);
    return 0;
  }
  uint8_t *const seen = calloc(count, 1);
  if (seen == NULL) {
    fault_set(why, "CAISSON_NATIVE_BATCH", "no memory to read %u verdicts", listed);
    return 0;
  }
  /* Backwards: of two verdicts on one event the later one counts. */
  for (uint32_t at = listed; at-- > 0;) {
    const caisson_verdict verdict = verdicts->verdicts[at];
    if (verdict.index >= count || verdict.action > CAISSON_DROP || verdict.failure_class > CAISSON_CLASS_FATAL) {
      fault_set(why, "CAISSON_NATIVE_BATCH", "action %u, class %u on event %u of %u", verdict.action, verdict.failure_class,
                verdict.index, count);
      free(seen);
      return 0;
    }
    if (seen[verdict.index]++ == 0) add_verdict(slot, verdict);
    else seen[verdict.index] = 1;
  }
  for (uint32_t index = 0; index < count && rest != CAISSON_ACK && rest != CAISSON_DROP; index++) {
    const caisson_verdict verdict = {.index = index, .action = (uint16_t)rest, .failure_class = CAISSON_CLASS_TRANSIENT};
    if (seen[index] == 0) add_verdict(slot, verdict);
  }
  free(seen);
  return 1;
}
