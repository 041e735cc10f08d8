/** Text to token ids and back, by the base's own tokenizer.json through the Hugging Face library. */
@NullMarked
package io.livegraft.gpu.tokenizer;

import org.jspecify.annotations.NullMarked;
