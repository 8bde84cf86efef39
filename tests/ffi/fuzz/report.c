/* report.c - fuzz target: how failures are written by a plugin and read by the runner. Input: an error struct, then text. */
#include "../../../ffi/runner/fault.h"
#include "../../../ffi/runner/text.h"

#include <caisson_report.h>

#include "../harness/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether a JSON string holds nothing that would end the line, or the string. */
static int is_harmless(const char *bytes, size_t length) {
  for (size_t at = 1; at + 1 < length; at++) {
    if ((uint8_t)bytes[at] < 0x20 || bytes[at] == 0x7f) return 0;
    if (bytes[at] == '\\') at++;
    else if (bytes[at] == '"') return 0;
  }
  return length >= 2 && bytes[0] == '"' && bytes[length - 1] == '"';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  caisson_error error = {.size = sizeof error};
  fault why;
  memcpy(&error, data, size < sizeof error ? size : sizeof error);
  fault_of_call(&why, (error.flags & 1) != 0 ? "poll" : NULL, &error);
  HOLDS(memchr(why.message, 0, sizeof why.message) != NULL && memchr(why.name, 0, sizeof why.name) != NULL);
  const uint32_t length = size > sizeof error && size < 1u << 16 ? (uint32_t)(size - sizeof error) : 0;
  char *const words = malloc(length + 1);
  HOLDS(words != NULL);
  memcpy(words, data + (length > 0 ? sizeof error : 0), length);
  words[length] = 0;
  for (uint32_t limit = 0; limit <= 16; limit++) {
    const uint32_t cut = caisson_cut(words, length, limit);
    HOLDS(cut <= (length < limit ? length : limit));
    HOLDS(cut == length || ((uint8_t)words[cut] & 0xC0) != 0x80 || cut == 0);
  }
  caisson_error told = {.size = sizeof told};
  HOLDS(caisson_fail(&told, CAISSON_E_DATA, CAISSON_CLASS_PERMANENT, "%s", words) == CAISSON_E_DATA);
  HOLDS(told.message_length <= sizeof told.message && told.size == sizeof told);
  const size_t capacity = (size_t)length * 6 + 2;
  char *const out = malloc(capacity);
  HOLDS(out != NULL);
  text line = text_in(out, capacity);
  text_put_string(&line, words, length);
  HOLDS(!line.full && is_harmless(out, line.length));
  text narrow = text_in(out, length);
  text_put_string(&narrow, words, length);
  HOLDS(narrow.length <= length);
  free(out);
  free(words);
  return 0;
}
