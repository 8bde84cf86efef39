/* settlement.h - tells a source what became of its batches, once for each, however many slots one took.
 *
 * The host writes entries into a ring of its own: word 0 counts entries written, the word at 64 entries read, and from
 * byte 128 lie entries of 16 bytes. At 68 is the bell: 1 when the runner sleeps and has to be woken. Failures of a slot come before the entry that settles it. */
#ifndef CAISSON_RUNNER_SETTLEMENT_H
#define CAISSON_RUNNER_SETTLEMENT_H

#include <stdint.h>

#include "plugin.h"

#define SETTLEMENT_HEADER_BYTES 128u
#define SETTLEMENT_FAILED 1u         /* value: index of an event in the slot that was not delivered */
#define SETTLEMENT_DONE 2u           /* value: events in the slot; nothing more comes about it */

typedef struct settlement_entry {
  uint64_t slot_id;
  uint32_t value;
  uint32_t kind;
} settlement_entry;

CAISSON_STATIC_ASSERT(sizeof(settlement_entry) == 16, "settlement_entry");

typedef struct polled {              /* a batch the source filled */
  uint64_t id;
  uint32_t count;
  uint32_t left;                     /* events not settled yet */
  uint32_t *failed;
  uint32_t failed_count;
  uint32_t failed_capacity;
} polled;

typedef struct part {                /* what one slot carried of it */
  uint64_t batch;
  uint32_t first;
  uint32_t count;                    /* 0 once settled */
} part;

typedef struct settlement {
  uint8_t *base;
  uint32_t slots;
  uint32_t tail;
  int told;                          /* whether the plugin wants to know */
  batch_view verdicts;
  part *parts;                       /* ring of those not settled, in order of slot_id */
  uint64_t first_slot;
  uint32_t part_count;
  uint32_t part_capacity;
  polled *batches;                   /* likewise, in order of id */
  uint64_t first_batch;
  uint32_t batch_count;
  uint32_t batch_capacity;
} settlement;

/* Bytes the ring takes, or 0 when `slots` is no power of two up to 65536. */
uint64_t settlement_bytes(uint32_t slots);
/* Attaches to the host's ring. `capacity`: most events of one batch; `told`: whether the plugin has a settle function. */
void settlement_attach(settlement *self, uint8_t *base, uint32_t slots, uint32_t capacity, int told);
/* Remembers a batch of `count` events and returns its number. */
uint64_t settlement_add_batch(settlement *self, uint32_t count);
/* Remembers that the next slot carries `count` events of a batch, from `first` on, and returns the slot's number. */
uint64_t settlement_add_slot(settlement *self, uint64_t batch, uint32_t first, uint32_t count);
/* Settles one event of the last batch added that could not be passed on, as failed. */
void settlement_skip(settlement *self, uint64_t batch, uint32_t index, plugin *to);
/* Has the host ring when it writes more, or not. */
void settlement_arm(const settlement *self, uint32_t armed);
/* Whether the host wrote something that was not read yet. */
int settlement_waits(const settlement *self);
/* Reads what the host wrote and tells the plugin. */
void settlement_drain(settlement *self, plugin *to);

#endif
