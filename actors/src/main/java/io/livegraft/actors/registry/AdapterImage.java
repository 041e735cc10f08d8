package io.livegraft.actors.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Everything that is decided about one tenant's adapter, immutable.
 *
 * <p>Invariants: {@code serving} is 0 (the base alone) or the number of a retained version; so are {@code previous} and
 * {@code candidate} where present; version numbers grow.
 *
 * @param revision how many decisions are behind it; the higher of two images of a tenant is the later one
 * @param versions retained ones, oldest first; the newest is, unless it was forgotten
 * @param candidate latest version that a hold kept from serving
 * @param held whether publishing is held
 * @param history latest decisions, oldest first, bounded
 */
public record AdapterImage(
        String tenant,
        long revision,
        List<AdapterVersion> versions,
        int serving,
        OptionalInt previous,
        OptionalInt candidate,
        boolean held,
        List<HistoryEntry> history) {
    /** The principal of decisions that nobody made by hand. */
    public static final String AUTOMATIC = "livegraft";

    public AdapterImage {
        versions = List.copyOf(versions);
        history = List.copyOf(history);
    }

    /** A tenant that is known but has no version: the base serves as version 0. */
    public static AdapterImage empty(String tenant) {
        return new AdapterImage(tenant, 0, List.of(), 0, OptionalInt.empty(), OptionalInt.empty(), false, List.of());
    }

    /** The image after an accepted decision; what is neither newest nor pointed to is dropped beyond the bounds. */
    public AdapterImage apply(AdapterEvent event, RegistrySettings bounds) {
        return next().changed(event, bounds);
    }

    private AdapterImage next() {
        return new AdapterImage(tenant, revision + 1, versions, serving, previous, candidate, held, history);
    }

    private AdapterImage changed(AdapterEvent event, RegistrySettings bounds) {
        return switch (event) {
            case AdapterEvent.Registered registered -> this;
            case AdapterEvent.Published published -> published(published, bounds);
            case AdapterEvent.OfferRefused refused -> recorded("refuse", event, AUTOMATIC, refused.reason(), bounds);
            case AdapterEvent.RolledBack back ->
                serving(back.to(), true).recorded("rollback", event, back.principal(), back.reason(), bounds);
            case AdapterEvent.Promoted promoted ->
                serving(promoted.to(), held)
                        .recorded("promote", event, promoted.principal(), promoted.reason(), bounds);
            case AdapterEvent.HoldPlaced hold ->
                holding(true).recorded("hold", event, hold.principal(), hold.reason(), bounds);
            case AdapterEvent.HoldLifted lifted ->
                holding(false).recorded("resume", event, lifted.principal(), lifted.reason(), bounds);
            case AdapterEvent.LineBegun line ->
                without(line.dropped()).recorded(line.action(), event, line.principal(), line.reason(), bounds);
        };
    }

    /** Highest number retained; 0 where there is none. */
    public int newestNumber() {
        return newest().map(AdapterVersion::number).orElse(0);
    }

    public Optional<AdapterVersion> newest() {
        return versions.isEmpty() ? Optional.empty() : Optional.of(versions.getLast());
    }

    public Optional<AdapterVersion> version(int number) {
        for (AdapterVersion version : versions) { // on the way of every swap, where a stream takes microseconds
            if (version.number() == number) {
                return Optional.of(version);
            }
        }
        return Optional.empty();
    }

    public Optional<AdapterVersion> servingVersion() {
        return version(serving);
    }

    private AdapterImage published(AdapterEvent.Published published, RegistrySettings bounds) {
        AdapterVersion version = published.version();
        List<AdapterVersion> grown = new ArrayList<>(versions);
        grown.add(version);
        AdapterImage next = published.held()
                ? new AdapterImage(
                        tenant, revision, grown, serving, previous, OptionalInt.of(version.number()), held, history)
                : new AdapterImage(
                        tenant,
                        revision,
                        grown,
                        version.number(),
                        OptionalInt.of(serving),
                        OptionalInt.empty(),
                        held,
                        history);
        String reason = published.held()
                ? "held: kept as candidate"
                : version.evaluation().verdict();
        return next.retained(bounds).recorded("publish", published, AUTOMATIC, reason, bounds);
    }

    private AdapterImage serving(int number, boolean hold) {
        OptionalInt left = candidate.isPresent() && candidate.getAsInt() == number ? OptionalInt.empty() : candidate;
        return new AdapterImage(tenant, revision, versions, number, OptionalInt.of(serving), left, hold, history);
    }

    /** What pointed to a dropped version points to the newest older one that is left, or to nothing. */
    private AdapterImage without(List<Integer> dropped) {
        List<AdapterVersion> kept = versions.stream()
                .filter(version -> !dropped.contains(version.number()))
                .toList();
        int older = kept.stream()
                .mapToInt(AdapterVersion::number)
                .filter(number -> number < serving)
                .max()
                .orElse(0);
        return new AdapterImage(
                tenant,
                revision,
                kept,
                dropped.contains(serving) ? older : serving,
                kept(previous, dropped),
                kept(candidate, dropped),
                held,
                history);
    }

    private static OptionalInt kept(OptionalInt alias, List<Integer> dropped) {
        return alias.isPresent() && dropped.contains(alias.getAsInt()) ? OptionalInt.empty() : alias;
    }

    private AdapterImage holding(boolean hold) {
        return new AdapterImage(tenant, revision, versions, serving, previous, candidate, hold, history);
    }

    private AdapterImage retained(RegistrySettings bounds) {
        int surplus = versions.size() - bounds.retainedVersions();
        List<AdapterVersion> kept = new ArrayList<>(versions);
        for (int i = 0; i < surplus; i++) {
            AdapterVersion old = versions.get(i);
            if (!pointedTo(old.number())) {
                kept.remove(old);
            }
        }
        return new AdapterImage(tenant, revision, kept, serving, previous, candidate, held, history);
    }

    private boolean pointedTo(int number) {
        return number == serving
                || (previous.isPresent() && previous.getAsInt() == number)
                || (candidate.isPresent() && candidate.getAsInt() == number);
    }

    private AdapterImage recorded(
            String action, AdapterEvent event, String principal, String reason, RegistrySettings bounds) {
        List<HistoryEntry> grown = new ArrayList<>(history);
        long number = history.isEmpty() ? 1 : history.getLast().number() + 1;
        grown.add(new HistoryEntry(number, event.at(), action, serving, principal, reason));
        int surplus = Math.max(0, grown.size() - bounds.retainedHistory());
        return new AdapterImage(
                tenant, revision, versions, serving, previous, candidate, held, grown.subList(surplus, grown.size()));
    }
}
