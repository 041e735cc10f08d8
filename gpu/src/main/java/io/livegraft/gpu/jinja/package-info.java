/** Jinja templates as Hugging Face's transformers renders them: Jinja2's whitespace and Python's methods over the Jinjava library. */
@NullMarked
package io.livegraft.gpu.jinja;

import org.jspecify.annotations.NullMarked;
