package io.livegraft.actors.batching;

/**
 * Bounds of what is queued and computed.
 *
 * @param places answers on the device at once
 * @param waiting answers that may wait for a place, of all tenants
 * @param turnTokens most prompt tokens that one turn feeds beside the decode steps
 * @param pageTokens tokens that a page of the device's memory holds
 */
public record BatchingSettings(int places, int waiting, int turnTokens, int pageTokens, TenantSettings tenants) {}
