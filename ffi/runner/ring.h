/* ring.h - either end of a ring of batch slots, laid out as runtime/data/ring.ts says. Only one thread uses an end. */
#ifndef CAISSON_RUNNER_RING_H
#define CAISSON_RUNNER_RING_H

#include <caisson.h>
#include <stdatomic.h>
#include <stdint.h>

/* Offsets of the control words. */
#define RING_HEAD 0u
#define RING_TAIL 64u
#define RING_DATA_BELL 128u
#define RING_SPACE_BELL 192u
#define RING_PRODUCER_ENDED 256u
#define RING_CONSUMER_ENDED 320u
#define RING_CONTROL_BYTES 384u

#define RING_BROKEN UINT32_MAX

typedef struct ring {
  uint8_t *base;
  uint32_t slots;
  uint32_t capacity;
  uint32_t arena_bytes;
  uint32_t block_bytes;
  uint32_t own;                      /* this end's counter */
  uint32_t seen;                     /* the other end's, when last read */
} ring;

/* Bytes a ring takes, or 0 when a dimension is out of bounds. */
uint64_t ring_bytes(uint32_t slots, uint32_t capacity, uint32_t arena_bytes);
/* Attaches the filling end to memory of ring_bytes. */
void ring_attach_producer(ring *self, uint8_t *base, uint32_t slots, uint32_t capacity, uint32_t arena_bytes);
/* Attaches the emptying end. */
void ring_attach_consumer(ring *self, uint8_t *base, uint32_t slots, uint32_t capacity, uint32_t arena_bytes);

/* Consumer: batches published and not yet consumed. RING_BROKEN when the producer's word is not possible. */
uint32_t ring_available(ring *self);
/* Producer: batches published and not yet consumed. RING_BROKEN when the consumer's word is not possible. */
uint32_t ring_pending(ring *self);
/* Whether one side has said that nothing more will come, or be taken. */
int ring_ended(const ring *self);

/* The block of the slot for a counter; its arena follows. */
caisson_batch *ring_slot(const ring *self, uint32_t counter);
/* The arena of that slot. */
uint8_t *ring_arena(const ring *self, uint32_t counter);

/* Producer: hands over the slot at `own`. 1 when the consumer sleeps and has to be woken. */
int ring_publish(ring *self);
/* Consumer: gives back the slot at `own`. 1 when the producer sleeps, few enough are left, and it has to be woken. */
int ring_consume(ring *self);
/* Producer: says that nothing more will come. The other side has to be woken. */
void ring_end_producer(ring *self);
/* Consumer: says that nothing more will be taken. The other side has to be woken. */
void ring_end_consumer(ring *self);

/* Producer: slots that may be left when it is woken: half of them, since waking it costs the consumer more than a slot. */
uint32_t ring_low_water(const ring *self);
/* The word to set before sleeping: RING_DATA_BELL for the consumer, to 1; RING_SPACE_BELL for the producer, to 1 plus the
 * slots that may be left when it is woken. 0 when awake. */
void ring_arm(const ring *self, uint32_t bell, uint32_t armed);

#endif
