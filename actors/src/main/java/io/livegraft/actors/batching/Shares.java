package io.livegraft.actors.batching;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Fair shares of the device by virtual token counters: whoever waits and was served least over its weight is next. Source: Sheng
 * et al., "Fairness in Serving Large Language Models", OSDI 2024, Algorithm 2; the weights of a prompt's and an answer's token
 * (1 and 2) are its section 5's. A token that is computed again after a suspension costs its tenant nothing.
 *
 * <p>Bounded: beyond the bound an idle tenant is forgotten, first one whose memory makes no difference.
 */
final class Shares {
    private static final int PROMPT_TOKEN = 1;
    private static final int ANSWER_TOKEN = 2;

    private final TenantClasses classes;
    private final int bound;
    /** The one used least recently first. */
    private final Map<String, Account> accounts = new LinkedHashMap<>(16, 0.75f, true);

    private double lastFloor;

    Shares(TenantSettings settings) {
        this.classes = settings.classes();
        this.bound = settings.remembered();
    }

    Account account(String tenant, long nowNanos) {
        Account known = accounts.get(tenant);
        if (known == null) {
            known = new Account(classes.of(tenant), nowNanos);
            accounts.put(tenant, known);
            forgetBeyondBound(known, nowNanos);
        }
        return known;
    }

    /** Answers of a tenant begin to wait; one that had none waiting has no claim from the time before. */
    void waits(String tenant, int answers, long nowNanos) {
        Account account = account(tenant, nowNanos);
        if (account.waiting() == 0) {
            account.atLeast(floor());
        }
        account.waiting(answers);
    }

    void waitsNoMore(String tenant) {
        Account account = of(tenant);
        account.waiting(-1);
        lastFloor = account.service();
    }

    /** It runs, with so many prompt tokens to be computed. */
    void runs(String tenant, int promptTokens) {
        Account account = of(tenant);
        account.running(1);
        charge(account, promptTokens, PROMPT_TOKEN);
    }

    void drew(String tenant) {
        charge(of(tenant), 1, ANSWER_TOKEN);
    }

    void runsNoMore(String tenant) {
        of(tenant).running(-1);
    }

    boolean mayRun(String tenant) {
        return of(tenant).mayRun();
    }

    double service(String tenant) {
        return of(tenant).service();
    }

    /** Weights of all who wait, over the tenant's own, once it waits. */
    double slowdown(String tenant) {
        Account own = of(tenant);
        double all = accounts.values().stream()
                .filter(each -> each.waiting() > 0)
                .mapToDouble(each -> each.kind().weight())
                .sum();
        return Math.max(1, all / own.kind().weight());
    }

    /** The one account that must be there, because something of it waits or runs. */
    private Account of(String tenant) {
        Account known = accounts.get(tenant);
        if (known == null) {
            throw new IllegalStateException("tenant '%s' has nothing waiting or running".formatted(tenant));
        }
        return known;
    }

    private static void charge(Account account, int tokens, int cost) {
        account.served((double) tokens * cost);
        account.quota().take(tokens);
    }

    /** The least served of who waits; where nobody does, the last one that did. */
    private double floor() {
        return accounts.values().stream()
                .filter(each -> each.waiting() > 0)
                .mapToDouble(Account::service)
                .min()
                .orElse(lastFloor);
    }

    private void forgetBeyondBound(Account newest, long nowNanos) {
        if (accounts.size() <= bound) {
            return;
        }
        double floor = floor();
        accounts.entrySet().stream()
                .filter(each -> each.getValue() != newest && each.getValue().dispensable(floor, nowNanos))
                .findFirst()
                .or(() -> accounts.entrySet().stream()
                        .filter(each ->
                                each.getValue() != newest && !each.getValue().active())
                        .findFirst())
                .map(Map.Entry::getKey)
                .ifPresent(accounts::remove);
    }
}
