package io.livegraft.gpu.quality;

/** One row of data: what is given, and what is to be predicted. */
public record Sample(String prompt, String completion) {}
