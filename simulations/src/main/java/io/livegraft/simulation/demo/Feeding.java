package io.livegraft.simulation.demo;

import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.simulation.feedback.TenantFeedback;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends the events of all tenants in turn, and waits until all of them have become versions. */
final class Feeding {
    private static final Duration LOOK = Duration.ofMillis(400);
    private static final Duration STATUS = Duration.ofSeconds(3);
    /** Without any movement for so long, a tenant whose log is read to its end has published what there is. */
    private static final Duration QUIET = Duration.ofSeconds(10);

    private static final Duration STALLED = Duration.ofSeconds(90);

    private final EventStream events;
    private final NodeWatch watch;
    private final Measurements measurements;
    private final Progress progress;
    private final Map<String, Long> lastOffsets = new ConcurrentHashMap<>();

    Feeding(EventStream events, NodeWatch watch, Measurements measurements, Progress progress) {
        this.events = events;
        this.watch = watch;
        this.measurements = measurements;
        this.progress = progress;
    }

    /** An event and whose it is. */
    record Item(String tenant, FeedbackRecord event) {}

    /** Everybody's first event, everybody's second, and so on, without those that the log holds already. */
    static List<Item> inTurn(List<TenantFeedback> tenants, LogContents log) {
        List<Item> items = new ArrayList<>();
        int longest = tenants.stream()
                .mapToInt(tenant -> tenant.events().size())
                .max()
                .orElse(0);
        for (int number = 0; number < longest; number++) {
            for (TenantFeedback tenant : tenants) {
                if (number < tenant.events().size()
                        && !log.holds(
                                tenant.tenant(), tenant.events().get(number).getEventId())) {
                    items.add(new Item(tenant.tenant(), tenant.events().get(number)));
                }
            }
        }
        return items;
    }

    /** Open loop: an event is sent when it is due, however long earlier ones take to be learned. */
    void send(List<Item> items, double perSecond, LogContents before) {
        lastOffsets.putAll(before.lastOffsets());
        progress.say("sending %d events, %.0f a second".formatted(items.size(), perSecond));
        long start = System.nanoTime();
        long nextLook = start;
        long nextStatus = start + STATUS.toNanos();
        AtomicInteger acknowledged = new AtomicInteger();
        for (int i = 0; i < items.size(); i++) {
            long due = start + (long) (i / perSecond * 1e9);
            for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
                if (now >= nextLook) {
                    watch.look();
                    nextLook = System.nanoTime() + LOOK.toNanos();
                } else {
                    Pause.of(Duration.ofNanos(Math.min(due, nextLook) - now));
                }
            }
            send(items.get(i), acknowledged);
            if (System.nanoTime() >= nextStatus) {
                status(acknowledged.get(), items.size());
                nextStatus += STATUS.toNanos();
            }
        }
        events.flush();
        progress.say("the broker has all %d events".formatted(acknowledged.get()));
    }

    /** Waits for as long as anything moves; empty, or what went wrong. */
    List<String> awaitPublished() {
        NodeWatch.Seen seen = watch.look();
        long moved = System.nanoTime();
        long nextStatus = moved + STATUS.toNanos();
        while (true) {
            NodeWatch.Seen now = seen;
            long still = System.nanoTime() - moved;
            boolean read = lastOffsets.entrySet().stream().allMatch(last -> now.read(last.getKey(), last.getValue()));
            boolean published =
                    lastOffsets.entrySet().stream().allMatch(last -> now.published(last.getKey(), last.getValue()));
            if (read && (published || still > QUIET.toNanos())) {
                return List.of();
            }
            if (still > STALLED.toNanos()) {
                return List.of("training stood still for %d s before the last event".formatted(STALLED.toSeconds()));
            }
            Pause.of(LOOK);
            seen = watch.look();
            if (!seen.equals(now)) {
                moved = System.nanoTime();
            }
            if (System.nanoTime() >= nextStatus) {
                progress.say("learning the rest: " + progress.status(seen, measurements));
                nextStatus += STATUS.toNanos();
            }
        }
    }

    private void send(Item item, AtomicInteger acknowledged) {
        long now = System.currentTimeMillis();
        FeedbackRecord event = item.event().toBuilder().setEventTimeMillis(now).build();
        events.send(item.tenant(), event, (partition, offset) -> {
            measurements.freshness().sent(item.tenant(), partition, offset, now);
            lastOffsets.merge(item.tenant(), offset, Math::max);
            acknowledged.incrementAndGet();
        });
    }

    private void status(int sent, int all) {
        progress.say("%d of %d events, %s".formatted(sent, all, progress.status(watch.latest(), measurements)));
    }
}
