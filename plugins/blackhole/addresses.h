/* addresses.h - where payloads were seen: the range of addresses for each owner of memory. */
#ifndef CAISSON_BLACKHOLE_ADDRESSES_H
#define CAISSON_BLACKHOLE_ADDRESSES_H

#include <caisson.h>

/* Owners told apart; what later owners send is kept together under OTHER_OWNERS. */
#define ADDRESS_OWNERS 16
#define OTHER_OWNERS UINT32_MAX

typedef struct address_range {
  uint32_t owner;
  uint32_t reserved;
  uint64_t events;
  uint64_t lowest;                   /* of any payload */
  uint64_t end;                      /* one past the last byte of any payload */
} address_range;

typedef struct addresses {
  uint32_t count;
  uint32_t reserved;
  uint64_t outside;                  /* events whose payload does not lie inside the segment it names */
  address_range ranges[ADDRESS_OWNERS];
} addresses;

/* Checks every payload of a batch against its segment and widens the ranges; reads no payload. */
void addresses_verify(addresses *self, const caisson_batch *batch);

#endif
