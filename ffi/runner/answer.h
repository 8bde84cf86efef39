/* answer.h - what is written back into a slot: verdicts, and words that say why. */
#ifndef CAISSON_RUNNER_ANSWER_H
#define CAISSON_RUNNER_ANSWER_H

#include "slot.h"

/* Answers a slot: every event failed. */
void slot_fail(const batch_view *slot, const fault *why);
/* Answers a slot of `count` events with what a verdict block says; 0 when that is not possible. */
int slot_judge(const batch_view *slot, uint32_t count, const batch_view *verdicts, fault *why);

#endif
