/* text.h - builds one line of JSON in memory of a fixed size. */
#ifndef CAISSON_RUNNER_TEXT_H
#define CAISSON_RUNNER_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A text under construction. Once something did not fit, `full` is set and nothing more is added. */
typedef struct text {
  char *bytes;
  size_t capacity;
  size_t length;
  int full;
} text;

/* Starts a text in `bytes`. */
text text_in(char *bytes, size_t capacity);
/* Adds bytes as they are. */
void text_put(text *out, const char *raw);
/* Adds a JSON string with its quotes; bytes that are no UTF-8 are left to the reader. */
void text_put_string(text *out, const char *bytes, size_t length);

#endif
