/** What every refusal means to a caller: one table from {@code ErrorCode} to HTTP status, OpenAI error and exit code. */
@NullMarked
package io.livegraft.gateway.error;

import org.jspecify.annotations.NullMarked;
