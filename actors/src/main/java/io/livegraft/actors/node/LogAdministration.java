package io.livegraft.actors.node;

import io.livegraft.actors.replay.Rebuild;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.feedback.Configure;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.concurrent.CompletionStage;

/** What operators write into a tenant's log, and what they have made anew from it; a refusal is a value. */
public interface LogAdministration {
    /** Makes the tenant's state the one that never saw the subject. */
    CompletionStage<Reply> forget(String tenant, String subject, AdminAction action);

    /** Makes training go back to a retained version; 0 is before the first event. What serves stays. */
    CompletionStage<Reply> reset(String tenant, int version, AdminAction action);

    /** Trains the tenant with other settings from here on. */
    CompletionStage<Reply> configure(String tenant, Configure values, AdminAction action);

    /** Begins to make a retained version anew, without these subjects; {@link #rebuilt} tells when it is done. */
    CompletionStage<RebuildReply> rebuild(String tenant, int version, SortedSet<String> without);

    Optional<Rebuild> rebuilt(String id);

    /** Whether a record is in the log. */
    sealed interface Reply {
        /**
         * It is; or it would be, after a dry run, which says neither partition nor offset.
         *
         * @param partition of the feedback topic
         */
        record Written(OptionalInt partition, OptionalLong offset) implements Reply {}

        record Refused(ErrorCode code, String message) implements Reply {}
    }

    /** Whether a rebuild runs. */
    sealed interface RebuildReply {
        record Started(Rebuild rebuild) implements RebuildReply {}

        record Refused(ErrorCode code, String message) implements RebuildReply {}
    }
}
