#include <stdatomic.h>

#include "control.h"
#include "platform.h"
#include "runner.h"

#define SPIN_MIN_NS UINT64_C(500)
#define SPIN_MAX_NS UINT64_C(64000)
/* A sleep shorter than this would have been better spent spinning: most of it was the wake-up. */
#define SHORT_WAIT_NS UINT64_C(200000)
/* Looks between two looks at the clock. */
#define LOOKS 16u

static int done(runner *self, int (*ready)(runner *)) { return control_has_message() || ready(self); }

/* With one processor spinning only keeps the other side from working. */
static uint64_t longest_spin(void) {
  static uint64_t known = UINT64_MAX;
  if (known == UINT64_MAX) known = platform_processors() > 1 ? SPIN_MAX_NS : 0;
  return known;
}

static int spin(runner *self, uint64_t until, int (*ready)(runner *)) {
  do {
    for (uint32_t look = 0; look < LOOKS; look++) {
      if (done(self, ready)) return 1;
      platform_pause();
    }
  } while (platform_now_ns() < until);
  return 0;
}

void runner_wait(runner *self, const ring *on, uint32_t bell, int (*ready)(runner *)) {
  waiting *const adaptive = &self->waiting;
  if (done(self, ready)) return;
  const uint64_t longest = longest_spin();
  const uint64_t from = platform_now_ns();
  if (longest > 0 && spin(self, from + adaptive->spin_ns, ready)) return;
  const uint32_t rings = control_rings();
  ring_arm(on, bell, bell == RING_SPACE_BELL ? ring_low_water(on) + 1 : 1);
  /* Armed first, looked again then: whatever came before the bell was armed is seen here. */
  if (!done(self, ready)) control_sleep(rings, LONGEST_SLEEP_NS);
  ring_arm(on, bell, 0);
  const uint64_t waited = platform_now_ns() - from;
  const uint64_t next = waited < SHORT_WAIT_NS ? adaptive->spin_ns * 2 : adaptive->spin_ns / 2;
  adaptive->spin_ns = next > longest ? longest : next < SPIN_MIN_NS ? SPIN_MIN_NS : next;
}

void runner_sleep(runner *self, uint64_t timeout_ns) {
  const uint32_t rings = control_rings();
  __atomic_store_n(&self->bell.armed, 1, __ATOMIC_SEQ_CST);
  control_sleep(rings, timeout_ns);
  __atomic_store_n(&self->bell.armed, 0, __ATOMIC_SEQ_CST);
}
