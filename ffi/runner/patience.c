#include "patience.h"

#include "control.h"
#include "platform.h"

uint32_t patience_posted(const runner *self) { return __atomic_load_n(&self->bell.posted, __ATOMIC_SEQ_CST); }

void patience_restore(runner *self) { self->idle_ns = MILLISECOND; }

static uint64_t longest(runner *self, uint32_t posted) {
  const uint64_t asked = (uint64_t)plugin_retry_after_ms() * MILLISECOND;
  if (asked > 0) return asked < LONGEST_SLEEP_NS ? asked : LONGEST_SLEEP_NS;
  if (posted != 0) return LONGEST_SLEEP_NS;
  const uint64_t now = self->idle_ns;
  self->idle_ns = now * 2 < LONGEST_SLEEP_NS ? now * 2 : LONGEST_SLEEP_NS;
  return now;
}

/* What the host has to ring for, and the plugin. */
static void arm(runner *self, uint32_t armed) {
  __atomic_store_n(&self->bell.armed, armed, __ATOMIC_SEQ_CST);
  if (self->input.base != NULL) ring_arm(&self->input, RING_DATA_BELL, armed);
  settlement_arm(&self->settlement, armed);
}

void patience_sleep(runner *self, uint32_t posted, patience_reason ready) {
  const uint32_t rings = control_rings();
  arm(self, 1);
  /* Armed first, looked again then: whatever came before the words could be seen is seen here. */
  if (patience_posted(self) == posted && !settlement_waits(&self->settlement) && !ready(self)) {
    control_sleep(rings, longest(self, posted));
  }
  arm(self, 0);
}
