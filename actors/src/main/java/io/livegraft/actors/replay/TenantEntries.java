package io.livegraft.actors.replay;

import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Decodes records as ingest does and leaves out those of other tenants. */
record TenantEntries(LogEntries entries) {
    Optional<LogEntry> entry(String tenant, Optional<byte[]> key, Optional<byte[]> value, long offset, long logMillis) {
        if (foreign(tenant, key)) {
            return Optional.empty();
        }
        return switch (entries.read(key, value, offset, logMillis)) {
            case LogEntries.Read.OfTenant of -> of.tenant().equals(tenant) ? usable(of) : Optional.empty();
            case LogEntries.Read.OfAll all -> Optional.of(all.tick());
            case LogEntries.Read.Unusable unusable -> Optional.empty();
        };
    }

    /** Whom a feedback event of the tenant is about; empty for nobody and for other records. */
    Optional<String> subject(String tenant, Optional<byte[]> key, Optional<byte[]> value) {
        return foreign(tenant, key)
                ? Optional.empty()
                : entries.event(key, value).map(FeedbackRecord::getSubject).filter(subject -> !subject.isEmpty());
    }

    private static boolean foreign(String tenant, Optional<byte[]> key) {
        return key.isPresent() && !new String(key.get(), StandardCharsets.UTF_8).equals(tenant);
    }

    private static Optional<LogEntry> usable(LogEntries.Read.OfTenant of) {
        return switch (of.entry().get()) {
            case LogEntries.Read.Usable usable -> Optional.of(usable.entry());
            case LogEntries.Read.Unusable unusable -> Optional.empty();
        };
    }
}
