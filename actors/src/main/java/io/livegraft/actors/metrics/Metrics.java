package io.livegraft.actors.metrics;

import io.livegraft.gpu.error.ErrorCode;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Locale;

/** Every metric of the node, each recorded through one method; all names start with {@code livegraft_}. */
public final class Metrics {
    private static final double[] LATENCY = {
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60
    };
    private static final double[] FRESHNESS = {
        0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 45, 60, 90, 120, 300, 600, 3600
    };

    private static final double[] MOMENT = {
        2e-7, 5e-7, 1e-6, 2e-6, 3e-6, 5e-6, 7e-6, 1e-5, 1.5e-5, 2e-5, 3e-5, 4e-5, 5e-5, 7e-5, 1e-4, 2e-4, 5e-4, 1e-3,
        2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 1
    };
    private static final double[] CYCLE = {1, 2, 4, 8, 16, 32, 64};

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Gauge requestsRunning = gauge("requests_running", "Requests on the device.");
    private final Gauge requestsWaiting = gauge("requests_waiting", "Requests that wait for the device.");
    private final Histogram queueTime =
            histogram("queue_seconds", "From a request to its place on the device.", LATENCY);
    private final Counter suspensions =
            counter("suspensions_total", "Answers that gave their memory back for a while, because others needed it.");
    private final Counter refusals =
            counter("requests_refused_total", "Requests that were not queued, by cause.", "cause");
    private final Gauge resident =
            gauge("adapters_resident", "Adapters by tier: on the device, in host memory, or copied to disk.", "tier");
    private final Gauge residentBytes = gauge("adapters_resident_bytes", "Bytes of these adapters.", "tier");
    private final Gauge draining =
            gauge("versions_draining", "Versions that do not serve, but still answer what they began.");
    private final Counter adaptersWanted = counter(
            "adapters_wanted_total",
            "Adapters brought to the device, by where they were: host, disk or store.",
            "tier");
    private final Histogram adapterLoad =
            histogram("adapter_load_seconds", "From an adapter that is wanted to one that is on the device.", LATENCY);
    private final Gauge worksWaiting =
            gauge("works_waiting", "Training steps and evaluations that wait for the device.");
    private final Histogram trainingCycle =
            histogram("training_cycle_steps", "Steps that shared passes over the base.", CYCLE);
    private final Gauge memory =
            gauge("memory_bytes", "Memory of the base's weights and of what may be added to it.", "kind");
    private final Histogram timeToFirstToken =
            histogram("time_to_first_token_seconds", "From admission to the first token.", LATENCY);
    private final Histogram interTokenLatency =
            histogram("inter_token_latency_seconds", "Between two tokens of a request.", LATENCY);
    private final Histogram requestDuration =
            histogram("request_duration_seconds", "From admission to the last token.", LATENCY);
    private final Counter promptTokens =
            counter("prompt_tokens_total", "Prompt tokens of admitted answers, by class of tenant.", "tenant_class");
    private final Counter generatedTokens =
            counter("generated_tokens_total", "Tokens generated, by class of tenant.", "tenant_class");
    private final Gauge feedbackLag =
            gauge("feedback_lag_records", "Records of the feedback topic not yet read.", "partition");
    private final Counter feedbackEvents = counter(
            "feedback_events_total",
            "Feedback records read, by outcome: accepted (given to a trainer) or dead_letter.",
            "outcome");
    private final Gauge trainersAwake = gauge("trainers_awake", "Trainers alive.", "partition");
    private final Gauge entriesWaiting =
            gauge("entries_waiting", "Entries of the log that wait for their trainers.", "partition");
    private final Gauge tenantsMissed = gauge(
            "tenants_missed",
            "Tenants to be read again, because their trainer failed or there was no place for it.",
            "partition");
    private final Histogram wake = Histogram.builder() // with native buckets besides: benches ask for quantiles
            .name("livegraft_wake_seconds")
            .help("From the event that wakes a tenant to its trainer that has taken it.")
            .withoutExemplars()
            .classicUpperBounds(LATENCY)
            .register(registry);
    private final Counter passivations = counter("passivations_total", "Trainers stopped because they were at rest.");
    private final Gauge scrubFindings = gauge(
            "scrub_findings", "What the last scrub found, by store: whole, unfinished or damaged.", "store", "finding");
    private final Counter orphansDeleted =
            counter("orphans_deleted_total", "Adapters that nobody named any more, deleted by scrubs.");
    private final Counter trainingSteps = counter("training_steps_total", "Optimizer steps taken.", "tenant");
    private final Gauge trainingLoss =
            gauge("training_loss", "Mean negative log-likelihood per target token of the latest step.", "tenant");
    private final Histogram trainingStep =
            histogram("training_step_seconds", "From a closed step to its result.", LATENCY);
    private final Counter publish =
            counter("publish_total", "Offers decided: published, held, refused or repeated.", "outcome");
    private final Histogram swapDuration =
            histogram("swap_duration_seconds", "From the registry's decision to the version that serves.", LATENCY);
    private final Histogram swapHoldUp = histogram(
            "swap_hold_up_seconds",
            "How long no request could be admitted because of a swap, by part: before the flip, when a decision or an adapter on"
                    + " the device makes a version ready; the flip, when it begins to serve; after it, when that is told."
                    + " Requests are admitted between parts.",
            MOMENT,
            "part");
    /** Found beforehand: to find them by their labels would hold up requests, too. */
    private final DistributionDataPoint beforeFlip = swapHoldUp.labelValues("before");

    private final DistributionDataPoint flip = swapHoldUp.labelValues("flip");
    private final DistributionDataPoint afterFlip = swapHoldUp.labelValues("after");
    private final Counter rollbacks = counter("rollbacks_total", "Rollbacks, by cause.", "cause");
    private final Histogram freshness = histogram(
            "freshness_seconds", "From an event to the first token served by a version that learned it.", FRESHNESS);
    private final ServingVersions serving = new ServingVersions();

    public Metrics() {
        registry.register(serving);
    }

    public PrometheusRegistry registry() {
        return registry;
    }

    /** Of the base: linear, head, embedding, vectors; at most beside it: keys-and-values, adapters, heap. */
    public void memory(String kind, long bytes) {
        memory.labelValues(kind).set((double) bytes);
    }

    public void requestsRunning(int requests) {
        requestsRunning.set(requests);
    }

    public void requestsWaiting(int requests) {
        requestsWaiting.set(requests);
    }

    /** All but the store, which belongs to all nodes. */
    public void resident(AdapterTier tier, long adapters, long bytes) {
        resident.labelValues(tier.label()).set((double) adapters);
        residentBytes.labelValues(tier.label()).set((double) bytes);
    }

    public void draining(long versions) {
        draining.set((double) versions);
    }

    /** By the nearest tier that has it. */
    public void adapterWanted(AdapterTier tier) {
        adaptersWanted.labelValues(tier.label()).inc();
    }

    public void adapterLoaded(double seconds) {
        adapterLoad.observe(seconds);
    }

    public void queued(double seconds) {
        queueTime.observe(seconds);
    }

    public void suspended() {
        suspensions.inc();
    }

    public void requestRefused(ErrorCode cause) {
        refusals.labelValues(cause.name().toLowerCase(Locale.ROOT)).inc();
    }

    public void worksWaiting(int works) {
        worksWaiting.set(works);
    }

    public void trainingCycle(int steps) {
        trainingCycle.observe(steps);
    }

    /** Running and waiting ones. */
    public int requestsOnDevice() {
        return (int) (requestsRunning.get() + requestsWaiting.get());
    }

    /** With so many prompt tokens. */
    public void admitted(String tenantClass, int tokens) {
        promptTokens.labelValues(tenantClass).inc(tokens);
    }

    public void generated(String tenantClass) {
        generatedTokens.labelValues(tenantClass).inc();
    }

    public void firstToken(double seconds) {
        timeToFirstToken.observe(seconds);
    }

    public void nextToken(double seconds) {
        interTokenLatency.observe(seconds);
    }

    public void requestEnded(double seconds) {
        requestDuration.observe(seconds);
    }

    public void lag(int partition, double records) {
        feedbackLag.labelValues(Integer.toString(partition)).set(records);
    }

    public void trainersAwake(int partition, int trainers) {
        trainersAwake.labelValues(Integer.toString(partition)).set(trainers);
    }

    public void entriesWaiting(int partition, double entries) {
        entriesWaiting.labelValues(Integer.toString(partition)).set(entries);
    }

    public void tenantsMissed(int partition, int tenants) {
        tenantsMissed.labelValues(Integer.toString(partition)).set(tenants);
    }

    /** The partition is read by another node from now on. */
    public void partitionGone(int partition) {
        String label = Integer.toString(partition);
        feedbackLag.remove(label);
        trainersAwake.remove(label);
        entriesWaiting.remove(label);
        tenantsMissed.remove(label);
    }

    public void woken(double seconds) {
        wake.observe(seconds);
    }

    /** What the last scrub found in one store. */
    public record Scrubbed(long whole, long unfinished, long damaged) {}

    public void scrubbed(String store, Scrubbed found) {
        scrubFindings.labelValues(store, "whole").set((double) found.whole());
        scrubFindings.labelValues(store, "unfinished").set((double) found.unfinished());
        scrubFindings.labelValues(store, "damaged").set((double) found.damaged());
    }

    public void orphansDeleted(long orphans) {
        orphansDeleted.inc(orphans);
    }

    public void passivated() {
        passivations.inc();
    }

    public void feedback(String outcome) {
        feedbackEvents.labelValues(outcome).inc();
    }

    public void trained(String tenant, double loss, double seconds) {
        trainingSteps.labelValues(tenant).inc();
        trainingLoss.labelValues(tenant).set(loss);
        trainingStep.observe(seconds);
    }

    public void offerDecided(String outcome) {
        publish.labelValues(outcome).inc();
    }

    public void rolledBack(String cause) {
        rollbacks.labelValues(cause).inc();
    }

    /** A version of a tenant serves from now on. */
    public void swapped(String tenant, int version, double seconds) {
        swapDuration.observe(seconds);
        serving.serves(tenant, version);
    }

    /** Nothing is known here any more of what serves a tenant. */
    public void forgotten(String tenant) {
        serving.forget(tenant);
    }

    /** No request could be admitted for so long because of a part of a swap. */
    public void swapHeldUp(SwapPart part, double seconds) {
        DistributionDataPoint held =
                switch (part) {
                    case BEFORE -> beforeFlip;
                    case FLIP -> flip;
                    case AFTER -> afterFlip;
                };
        held.observe(seconds);
    }

    public void fresh(double seconds) {
        freshness.observe(seconds);
    }

    private Gauge gauge(String name, String help, String... labels) {
        return Gauge.builder()
                .name("livegraft_" + name)
                .help(help)
                .labelNames(labels)
                .register(registry);
    }

    private Counter counter(String name, String help, String... labels) {
        return Counter.builder()
                .name("livegraft_" + name)
                .help(help)
                .withoutExemplars()
                .labelNames(labels)
                .register(registry);
    }

    private Histogram histogram(String name, String help, double[] bounds, String... labels) {
        return Histogram.builder()
                .name("livegraft_" + name)
                .help(help)
                .classicOnly()
                .withoutExemplars() // nothing traces requests, and sampling wakes a thread ten times a second
                .classicUpperBounds(bounds)
                .labelNames(labels)
                .register(registry);
    }
}
