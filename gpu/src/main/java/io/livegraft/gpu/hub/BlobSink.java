package io.livegraft.gpu.hub;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Appends a response's body to the partial file and reports progress; refuses more bytes than were announced. */
final class BlobSink implements Transfer, BodySubscriber<Long>, AutoCloseable {
    /** The server doesn't go on from where the partial file ends. */
    static final class OffsetRefused extends IOException {
        private static final long serialVersionUID = 1;

        OffsetRefused(String message) {
            super(message);
        }
    }

    private static final long REPORT_NANOS = Duration.ofSeconds(1).toNanos();

    private final RemoteFile file;
    private final FileChannel channel;
    private final Consumer<HubProgress> progress;
    private final long offset;
    private final AtomicLong arrived = new AtomicLong();
    private final CompletableFuture<Long> done = new CompletableFuture<>();
    private final long start = System.nanoTime();
    private long reported = start;
    private Optional<Flow.Subscription> source = Optional.empty();

    BlobSink(RemoteFile file, Path partial, Consumer<HubProgress> progress) throws IOException {
        this.file = file;
        this.channel = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        this.progress = progress;
        this.offset = channel.size();
        channel.position(offset);
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long arrived() {
        return arrived.get();
    }

    /** Takes the body of a 200, from its beginning, or of a 206 that begins at the offset. */
    BodySubscriber<Long> receive(ResponseInfo info) {
        try {
            String range = info.headers().firstValue("Content-Range").orElse("");
            if (info.statusCode() == 200) {
                channel.truncate(0);
            } else if (!range.startsWith("bytes " + offset + "-")) {
                done.completeExceptionally(new OffsetRefused("it sends '%s'".formatted(range)));
            }
        } catch (IOException e) {
            done.completeExceptionally(e);
        }
        return this;
    }

    @Override
    public CompletionStage<Long> getBody() {
        return done;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        source = Optional.of(subscription);
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        try {
            for (ByteBuffer buffer : buffers) {
                write(buffer);
            }
            report(false);
        } catch (IOException e) {
            done.completeExceptionally(e);
        }
        if (done.isDone()) {
            source.ifPresent(Flow.Subscription::cancel);
        }
    }

    private void write(ByteBuffer buffer) throws IOException {
        if (done.isDone()) {
            return;
        }
        if (channel.position() + buffer.remaining() > file.size()) {
            throw new IOException("it sends more than the %d bytes of %s".formatted(file.size(), file.name()));
        }
        while (buffer.hasRemaining()) {
            arrived.addAndGet(channel.write(buffer));
        }
    }

    @Override
    public void onError(Throwable failure) {
        done.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        try {
            report(true);
            done.complete(arrived.get());
        } catch (IOException e) {
            done.completeExceptionally(e);
        }
    }

    private void report(boolean last) throws IOException {
        long now = System.nanoTime();
        if (last || now - reported >= REPORT_NANOS) {
            reported = now;
            double seconds = Math.max(1, now - start) / 1e9;
            progress.accept(new HubProgress(file.name(), channel.position(), file.size(), arrived.get() / seconds));
        }
    }

    /** What was written stays, for the next try. */
    @Override
    public void close() throws IOException {
        channel.force(true);
        channel.close();
    }
}
