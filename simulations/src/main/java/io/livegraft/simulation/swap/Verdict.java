package io.livegraft.simulation.swap;

import io.livegraft.simulation.swap.AnswerOracle.Asked;
import io.livegraft.simulation.swap.Chronicle.Reign;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * What the answers of a run were worth.
 *
 * @param failed no answer, or half of one
 * @param mixed not what the version that it names answers, or of more than one
 * @param wrongTenant by another tenant's version
 * @param stale by a version that the name asked for had not stood for any more
 * @param lags how long the version of each answer had been replaced when its request was sent; those of requests for whatever
 *     serves
 * @param problems a sentence for each answer that is not as it must be
 */
record Verdict(int failed, int mixed, int wrongTenant, int stale, List<Duration> lags, List<String> problems) {
    /** In which a decision must have become what serves: staging an adapter that is not on the device included. */
    static final Duration LAG = Duration.ofSeconds(10);

    private static final int FINGERPRINT_CHARACTERS = 10;

    private enum Fault {
        FAILED,
        MIXED,
        WRONG_TENANT,
        STALE
    }

    private record Finding(Fault fault, String problem) {}

    /** What the oracle has to compute; what names no known version is left out. */
    static Set<Asked> asked(Collection<Exchange> exchanges, Function<String, Chronicle> chronicles) {
        Set<Asked> asked = new HashSet<>();
        for (Exchange exchange : exchanges) {
            if (exchange.outcome() instanceof Exchange.Answered answered) {
                digest(exchange, answered.said(), chronicles)
                        .ifPresent(digest -> asked.add(new Asked(exchange.question(), digest)));
            }
        }
        return asked;
    }

    static Verdict of(
            Collection<Exchange> exchanges, Function<String, Chronicle> chronicles, Map<Asked, Answer> oracle) {
        Map<String, List<Reign>> reigns = exchanges.stream()
                .map(Exchange::tenant)
                .distinct()
                .collect(Collectors.toMap(
                        tenant -> tenant, tenant -> chronicles.apply(tenant).reigns()));
        List<Finding> findings = new ArrayList<>();
        List<Duration> lags = new ArrayList<>();
        for (Exchange exchange : exchanges) {
            List<Reign> own = reigns.getOrDefault(exchange.tenant(), List.of());
            finding(exchange, own, chronicles, oracle).ifPresent(findings::add);
            if (exchange.wanted() instanceof Wanted.Serving
                    && exchange.outcome() instanceof Exchange.Answered answered) {
                lag(own, Reign::version, answered.said().version(), exchange).ifPresent(lags::add);
            }
        }
        return new Verdict(
                count(findings, Fault.FAILED),
                count(findings, Fault.MIXED),
                count(findings, Fault.WRONG_TENANT),
                count(findings, Fault.STALE),
                lags.stream().sorted().toList(),
                findings.stream().map(Finding::problem).toList());
    }

    private static int count(List<Finding> findings, Fault fault) {
        return (int) findings.stream().filter(each -> each.fault() == fault).count();
    }

    private static Optional<Finding> finding(
            Exchange exchange, List<Reign> reigns, Function<String, Chronicle> chronicles, Map<Asked, Answer> oracle) {
        return switch (exchange.outcome()) {
            case Exchange.Failed(String reason) -> found(Fault.FAILED, exchange, reason);
            case Exchange.Answered(Said said, Duration first, Duration end) -> {
                if (!said.tenant().equals(exchange.tenant())) {
                    yield found(Fault.WRONG_TENANT, exchange, "was answered by " + said.label());
                }
                Optional<String> digest = digest(exchange, said, chronicles);
                if (digest.isEmpty() || !said.ofOneVersion() || !hasDigest(said, digest.get())) {
                    yield found(Fault.MIXED, exchange, "names %s and %s".formatted(said.label(), said.fingerprint()));
                }
                if (!stoodFor(
                        exchange, said.version(), reigns, exchange.sentAt().plus(end))) {
                    yield found(Fault.STALE, exchange, "was answered by " + said.label());
                }
                Answer expected = oracle.get(new Asked(exchange.question(), digest.get()));
                yield said.answer().equals(expected)
                        ? Optional.empty()
                        : found(
                                Fault.MIXED,
                                exchange,
                                "by %s is %s, expected %s".formatted(said.label(), said.answer(), expected));
            }
        };
    }

    private static Optional<Finding> found(Fault fault, Exchange exchange, String what) {
        return Optional.of(new Finding(
                fault,
                "%s, %s%s at %s: %s"
                        .formatted(
                                exchange.wanted().model(exchange.tenant()),
                                exchange.question(),
                                exchange.streamed() ? " streamed" : "",
                                exchange.sentAt(),
                                what)));
    }

    /** Empty for a version that its tenant never had. */
    private static Optional<String> digest(Exchange exchange, Said said, Function<String, Chronicle> chronicles) {
        return said.tenant().equals(exchange.tenant())
                ? chronicles.apply(exchange.tenant()).digest(said.version())
                : Optional.empty();
    }

    private static boolean hasDigest(Said said, String digest) {
        String[] parts = said.fingerprint().split("_", -1);
        return digest.isEmpty()
                ? parts.length == 2
                : parts.length == 3
                        && digest.substring(0, FINGERPRINT_CHARACTERS).equals(parts[2]);
    }

    private static boolean stoodFor(Exchange exchange, int version, List<Reign> reigns, Instant endedAt) {
        return switch (exchange.wanted()) {
            case Wanted.Version(int number) -> version == number;
            case Wanted.Serving(boolean spelled) -> meets(reigns, Reign::version, version, exchange.sentAt(), endedAt);
            case Wanted.Previous() -> meets(reigns, Reign::previous, version, exchange.sentAt(), endedAt);
        };
    }

    private static boolean meets(
            List<Reign> reigns, ToIntFunction<Reign> named, int version, Instant sentAt, Instant endedAt) {
        return reigns.stream()
                .anyMatch(reign -> named.applyAsInt(reign) == version
                        && reign.from().isBefore(endedAt)
                        && reign.until().isAfter(sentAt.minus(LAG)));
    }

    private static Optional<Duration> lag(
            List<Reign> reigns, ToIntFunction<Reign> named, int version, Exchange exchange) {
        return reigns.stream()
                .filter(reign ->
                        named.applyAsInt(reign) == version && !reign.from().isAfter(exchange.sentAt()))
                .reduce((before, after) -> after)
                .map(reign -> reign.until().isAfter(exchange.sentAt())
                        ? Duration.ZERO
                        : Duration.between(reign.until(), exchange.sentAt()));
    }
}
