package io.livegraft.gpu.hub;

/**
 * How far the download of one file is.
 *
 * @param done bytes that are there, those of an earlier attempt included
 * @param total bytes of the whole file
 * @param bytesPerSecond since this attempt began
 */
public record HubProgress(String file, long done, long total, double bytesPerSecond) {}
