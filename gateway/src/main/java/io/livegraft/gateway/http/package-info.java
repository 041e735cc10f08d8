/**
 * OpenAI's HTTP interface over the node's façades: models, completions, chat, and feedback. Every answer names the one
 * version that made it. Knows nothing of admin, health or metrics.
 */
@NullMarked
package io.livegraft.gateway.http;

import org.jspecify.annotations.NullMarked;
