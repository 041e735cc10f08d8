package io.livegraft.actors.batching;

import io.livegraft.gpu.error.ErrorCode;
import java.time.Duration;
import java.util.Optional;

/** Why a request is not even queued; {@code retryAfter} is when it would be if nobody else came, where that can be told. */
public record Refusal(ErrorCode code, String message, Optional<Duration> retryAfter) {}
