/* region.h - the one stretch of memory a blaster keeps its payloads in, and where each event lies in it. */
#ifndef CAISSON_BLASTER_REGION_H
#define CAISSON_BLASTER_REGION_H

#include <caisson.h>
#include <stdio.h>

typedef struct event_place {
  uint32_t offset;
  uint32_t length;
} event_place;

/* How a file is cut into events. */
typedef enum region_chunk {
  REGION_LINE,                       /* each line, without its newline */
  REGION_FILE,                       /* the whole file is one */
  REGION_PREFIXED                    /* four bytes of length, big-endian, stand before each */
} region_chunk;

typedef struct region {
  FILE *file;                        /* NULL when events are made up, and once the file is read */
  uint32_t event_bytes;              /* of a made-up event */
  uint32_t distinct;
  region_chunk chunk;
  uint32_t length;                   /* bytes of memory wanted, then bytes in use */
  uint8_t *memory;
  uint8_t *own;                      /* what to free; NULL when the memory is the host's */
  uint32_t count;
  event_place *places;
} region;

/* Opens the file and takes its length; no byte is read before the memory is known. */
int32_t region_open_file(region *self, const char *path, region_chunk chunk, caisson_error *error);

/* Plans events that are made up. */
int32_t region_plan_events(region *self, uint32_t event_bytes, uint32_t distinct, caisson_error *error);

/* Fills memory of at least `length` bytes, or its own when NULL, and finds the events in it. */
int32_t region_fill(region *self, uint8_t *memory, caisson_error *error);

/* Frees what is the region's. */
void region_close(region *self);

#endif
