/* caisson_layout.h - the field table of a plugin, filled in by the compiler that builds the plugin, so that a host
 * finds out before loading it when that compiler sees a struct differently.
 *
 * Generated from caisson.h by scripts/generate_abi.ts; do not edit. */
#ifndef CAISSON_LAYOUT_H
#define CAISSON_LAYOUT_H

#include "caisson.h"

#define CAISSON_LAYOUT_COUNT 106

#define CAISSON_LAYOUT_FIELD(key, type, field) \
  {key, (uint16_t)offsetof(type, field), (uint16_t)sizeof(((type *)0)->field)},

#define CAISSON_LAYOUT_FIELDS \
  CAISSON_LAYOUT_FIELD(0x3865a7a8u, caisson_segment, base) \
  CAISSON_LAYOUT_FIELD(0xc61d695eu, caisson_segment, shared_offset) \
  CAISSON_LAYOUT_FIELD(0x781980e5u, caisson_segment, length) \
  CAISSON_LAYOUT_FIELD(0x78e12159u, caisson_segment, capacity) \
  CAISSON_LAYOUT_FIELD(0xa63a075cu, caisson_segment, flags) \
  CAISSON_LAYOUT_FIELD(0x7bf3c124u, caisson_segment, owner) \
  CAISSON_LAYOUT_FIELD(0xe0fbaf33u, caisson_record, timestamp_ns) \
  CAISSON_LAYOUT_FIELD(0xefc88824u, caisson_record, sequence) \
  CAISSON_LAYOUT_FIELD(0x9adbcd75u, caisson_record, payload_offset) \
  CAISSON_LAYOUT_FIELD(0x988f52a6u, caisson_record, payload_length) \
  CAISSON_LAYOUT_FIELD(0x1aaf5be2u, caisson_record, key_offset) \
  CAISSON_LAYOUT_FIELD(0xeedfffedu, caisson_record, key_length) \
  CAISSON_LAYOUT_FIELD(0xc314475eu, caisson_record, meta_offset) \
  CAISSON_LAYOUT_FIELD(0x2dbd59b9u, caisson_record, meta_length) \
  CAISSON_LAYOUT_FIELD(0x6b65adc3u, caisson_record, payload_segment) \
  CAISSON_LAYOUT_FIELD(0x9ecd4c5eu, caisson_record, key_segment) \
  CAISSON_LAYOUT_FIELD(0xa04256fau, caisson_record, meta_segment) \
  CAISSON_LAYOUT_FIELD(0x25ab0c77u, caisson_record, kind) \
  CAISSON_LAYOUT_FIELD(0xaf4acb42u, caisson_record, schema_id) \
  CAISSON_LAYOUT_FIELD(0xebdc3980u, caisson_record, flags) \
  CAISSON_LAYOUT_FIELD(0xc61d3c35u, caisson_record, partition) \
  CAISSON_LAYOUT_FIELD(0x43b10e79u, caisson_record, reserved) \
  CAISSON_LAYOUT_FIELD(0xf85cba73u, caisson_verdict, index) \
  CAISSON_LAYOUT_FIELD(0x05ec9bd7u, caisson_verdict, action) \
  CAISSON_LAYOUT_FIELD(0x680793d2u, caisson_verdict, failure_class) \
  CAISSON_LAYOUT_FIELD(0x5e3f9bacu, caisson_verdict, code) \
  CAISSON_LAYOUT_FIELD(0xd2a18f09u, caisson_verdict, retry_after_ms) \
  CAISSON_LAYOUT_FIELD(0xdbd42e93u, caisson_batch, size) \
  CAISSON_LAYOUT_FIELD(0x846d7785u, caisson_batch, record_stride) \
  CAISSON_LAYOUT_FIELD(0x92569ae1u, caisson_batch, count) \
  CAISSON_LAYOUT_FIELD(0xc44ae186u, caisson_batch, capacity) \
  CAISSON_LAYOUT_FIELD(0xa4b63863u, caisson_batch, record_offset) \
  CAISSON_LAYOUT_FIELD(0xf7a42f47u, caisson_batch, segment_offset) \
  CAISSON_LAYOUT_FIELD(0x44262583u, caisson_batch, segment_count) \
  CAISSON_LAYOUT_FIELD(0xceec4f58u, caisson_batch, segment_capacity) \
  CAISSON_LAYOUT_FIELD(0xec937a65u, caisson_batch, flags) \
  CAISSON_LAYOUT_FIELD(0xd0695586u, caisson_batch, batch_id) \
  CAISSON_LAYOUT_FIELD(0x8058e3efu, caisson_batch, arena_used) \
  CAISSON_LAYOUT_FIELD(0x740d9329u, caisson_batch, verdict_default) \
  CAISSON_LAYOUT_FIELD(0x1799b76bu, caisson_batch, verdict_count) \
  CAISSON_LAYOUT_FIELD(0xe053a4afu, caisson_batch, verdict_offset) \
  CAISSON_LAYOUT_FIELD(0x4c9f95f0u, caisson_batch, verdict_capacity) \
  CAISSON_LAYOUT_FIELD(0x4f48e756u, caisson_batch, reserved) \
  CAISSON_LAYOUT_FIELD(0x02463f71u, caisson_error, size) \
  CAISSON_LAYOUT_FIELD(0x6e30b235u, caisson_error, code) \
  CAISSON_LAYOUT_FIELD(0xa3eb2819u, caisson_error, failure_class) \
  CAISSON_LAYOUT_FIELD(0x225a62f3u, caisson_error, flags) \
  CAISSON_LAYOUT_FIELD(0x15f8ad3cu, caisson_error, retry_after_ms) \
  CAISSON_LAYOUT_FIELD(0xfb21e884u, caisson_error, need) \
  CAISSON_LAYOUT_FIELD(0x75c66e04u, caisson_error, message_length) \
  CAISSON_LAYOUT_FIELD(0x95d6c277u, caisson_error, message) \
  CAISSON_LAYOUT_FIELD(0x0238f90eu, caisson_bell, posted) \
  CAISSON_LAYOUT_FIELD(0xf15481f4u, caisson_bell, armed) \
  CAISSON_LAYOUT_FIELD(0x9fa0f493u, caisson_bell, ended) \
  CAISSON_LAYOUT_FIELD(0xc680bf7fu, caisson_bell, reserved0) \
  CAISSON_LAYOUT_FIELD(0x630a2537u, caisson_bell, health) \
  CAISSON_LAYOUT_FIELD(0x1132dde9u, caisson_bell, consecutive_failures) \
  CAISSON_LAYOUT_FIELD(0xa43bb5b7u, caisson_bell, last_code) \
  CAISSON_LAYOUT_FIELD(0x4703a54au, caisson_bell, last_class) \
  CAISSON_LAYOUT_FIELD(0xd04a9bfbu, caisson_bell, retry_at_ns) \
  CAISSON_LAYOUT_FIELD(0xf320d852u, caisson_bell, ok_total) \
  CAISSON_LAYOUT_FIELD(0xf7740ca0u, caisson_bell, fail_total) \
  CAISSON_LAYOUT_FIELD(0x00ce3f51u, caisson_bell, in_flight) \
  CAISSON_LAYOUT_FIELD(0xb7432b15u, caisson_host, size) \
  CAISSON_LAYOUT_FIELD(0xe5771de4u, caisson_host, abi_major) \
  CAISSON_LAYOUT_FIELD(0x7a927e08u, caisson_host, abi_minor) \
  CAISSON_LAYOUT_FIELD(0x21e005e7u, caisson_host, instance) \
  CAISSON_LAYOUT_FIELD(0x0e733938u, caisson_host, bell_kind) \
  CAISSON_LAYOUT_FIELD(0x80c17db0u, caisson_host, bell_handle) \
  CAISSON_LAYOUT_FIELD(0x63e446cdu, caisson_host, bell) \
  CAISSON_LAYOUT_FIELD(0x3cb30aa5u, caisson_host, log_ring) \
  CAISSON_LAYOUT_FIELD(0x17c71795u, caisson_host, log_ring_bytes) \
  CAISSON_LAYOUT_FIELD(0xe360900au, caisson_host, max_events) \
  CAISSON_LAYOUT_FIELD(0x8572ce4cu, caisson_host, wake) \
  CAISSON_LAYOUT_FIELD(0xc86c5a9eu, caisson_host, log) \
  CAISSON_LAYOUT_FIELD(0x77683f45u, caisson_interface, kind) \
  CAISSON_LAYOUT_FIELD(0x3dab7dccu, caisson_interface, major) \
  CAISSON_LAYOUT_FIELD(0x833f7900u, caisson_interface, minor) \
  CAISSON_LAYOUT_FIELD(0xb8070b25u, caisson_interface, reserved0) \
  CAISSON_LAYOUT_FIELD(0xe553e666u, caisson_interface, flags) \
  CAISSON_LAYOUT_FIELD(0xb7070992u, caisson_interface, reserved1) \
  CAISSON_LAYOUT_FIELD(0x4611a40cu, caisson_interface, name) \
  CAISSON_LAYOUT_FIELD(0x9a4a764fu, caisson_layout, key) \
  CAISSON_LAYOUT_FIELD(0xc643dd93u, caisson_layout, offset) \
  CAISSON_LAYOUT_FIELD(0x646f5281u, caisson_layout, size) \
  CAISSON_LAYOUT_FIELD(0x9581b4ccu, caisson_descriptor, magic) \
  CAISSON_LAYOUT_FIELD(0xb1234a9cu, caisson_descriptor, size) \
  CAISSON_LAYOUT_FIELD(0x735d5457u, caisson_descriptor, abi_major) \
  CAISSON_LAYOUT_FIELD(0x51b6971bu, caisson_descriptor, abi_minor) \
  CAISSON_LAYOUT_FIELD(0xfee19a12u, caisson_descriptor, endian) \
  CAISSON_LAYOUT_FIELD(0x3a0d406cu, caisson_descriptor, flags) \
  CAISSON_LAYOUT_FIELD(0xe6c066aeu, caisson_descriptor, machine) \
  CAISSON_LAYOUT_FIELD(0x713764c6u, caisson_descriptor, pointer_size) \
  CAISSON_LAYOUT_FIELD(0xcddb7077u, caisson_descriptor, reserved0) \
  CAISSON_LAYOUT_FIELD(0x43e47dc7u, caisson_descriptor, max_events) \
  CAISSON_LAYOUT_FIELD(0x121ced36u, caisson_descriptor, max_event_bytes) \
  CAISSON_LAYOUT_FIELD(0xef78b6b2u, caisson_descriptor, interface_offset) \
  CAISSON_LAYOUT_FIELD(0xf208947cu, caisson_descriptor, interface_count) \
  CAISSON_LAYOUT_FIELD(0x7c932dc3u, caisson_descriptor, layout_offset) \
  CAISSON_LAYOUT_FIELD(0xa9ed17afu, caisson_descriptor, layout_count) \
  CAISSON_LAYOUT_FIELD(0xccdb6ee4u, caisson_descriptor, reserved1) \
  CAISSON_LAYOUT_FIELD(0xc044febau, caisson_descriptor, plugin) \
  CAISSON_LAYOUT_FIELD(0x4c2d2bd7u, caisson_descriptor, version) \
  CAISSON_LAYOUT_FIELD(0x7232e7bbu, caisson_descriptor, sdk) \
  CAISSON_LAYOUT_FIELD(0xf707c0b9u, caisson_descriptor, interfaces) \
  CAISSON_LAYOUT_FIELD(0xe07c723fu, caisson_descriptor, layout)

CAISSON_STATIC_ASSERT(CAISSON_LAYOUT_COUNT <= CAISSON_MAX_LAYOUT, "the field table has room");

#endif
