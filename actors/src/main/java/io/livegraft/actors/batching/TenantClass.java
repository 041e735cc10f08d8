package io.livegraft.actors.batching;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Set;

/**
 * What tenants of one kind get, each of them.
 *
 * @param weight of its share of the device while others wait too
 * @param running answers on the device at once, at most
 * @param waiting answers that may wait for the device
 * @param tokensPerMinute of prompts and answers; a minute's worth may come at once; 0 is no bound
 * @param tenants its members
 */
public record TenantClass(
        String name, double weight, int running, int waiting, long tokensPerMinute, Set<String> tenants) {
    public TenantClass {
        tenants = Set.copyOf(tenants);
        if (!(weight > 0 && weight <= 1000) || running < 1 || waiting < 1 || tokensPerMinute < 0) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.tenants: of class '%s' weight %s must be above 0 and at most 1000, running %d and waiting %d at least 1, tokens-per-minute %d at least 0"
                            .formatted(name, weight, running, waiting, tokensPerMinute));
        }
    }
}
