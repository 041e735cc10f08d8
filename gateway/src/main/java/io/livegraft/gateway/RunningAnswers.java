package io.livegraft.gateway;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/** Counts answers from their request to their last byte, so that a stopping server can wait for them. */
final class RunningAnswers {
    private int running;
    private volatile boolean counted;

    /** Runs {@code handler} and counts its answer until it ends, streamed or not. */
    CompletionStage<HttpResponse> count(
            HttpRequest request, Function<HttpRequest, CompletionStage<HttpResponse>> handler) throws Exception {
        CompletionStage<HttpResponse> answer = handler.apply(request);
        begin();
        return answer.handle((response, failure) -> {
            if (failure != null) {
                end();
                throw new CompletionException(failure);
            }
            if (response.entity().isStrict()) {
                end();
                return response;
            }
            return response.transformEntityDataBytes(untilItsEnd());
        });
    }

    /** Returns when nothing runs, or after {@code limit}. */
    synchronized void await(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            for (long left = limit.toMillis();
                    running > 0 && left > 0;
                    left = (deadline - System.nanoTime()) / 1_000_000) {
                wait(left);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns at once where nothing has ever run. */
    void pause(Duration time) {
        if (counted) {
            try {
                Thread.sleep(time);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Flow<ByteString, ByteString, NotUsed> untilItsEnd() {
        return Flow.<ByteString>create().watchTermination((ignored, ended) -> {
            ended.whenComplete((done, failure) -> end());
            return NotUsed.getInstance();
        });
    }

    private synchronized void begin() {
        running++;
        counted = true;
    }

    private synchronized void end() {
        running--;
        notifyAll();
    }
}
