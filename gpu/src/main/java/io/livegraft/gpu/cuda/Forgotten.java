package io.livegraft.gpu.cuda;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Blocks of memory that nobody refers to any more: what they stood for is given back.
 *
 * @param <P> what a block stands for; the block may be forgotten, this is not before it is given back
 */
final class Forgotten<P> {
    /** How often memory that nothing refers to is waited for before a request is refused, and how long each time. */
    private static final int COLLECTIONS = 10;

    private static final long COLLECTION_MILLIS = 20;

    private final Consumer<P> release;
    private final Map<Reference<?>, P> held = new HashMap<>();
    private final ReferenceQueue<Object> queue = new ReferenceQueue<>();

    /** @param release of a piece, which may have been given back before */
    Forgotten(Consumer<P> release) {
        this.release = release;
    }

    /** From now on, {@code block} stands for {@code piece}. */
    void watch(Object block, P piece) {
        held.put(new PhantomReference<>(block, queue), piece);
    }

    /** Gives back what is known to be forgotten. */
    void collect() {
        for (Reference<?> found = queue.poll(); found != null; found = queue.poll()) {
            release(found);
        }
    }

    /** Has the collector look for more until that helps, or some time has passed. */
    <T> Optional<T> collectUntil(Supplier<Optional<T>> request) {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            try {
                Reference<?> found = queue.remove(COLLECTION_MILLIS);
                if (found != null) {
                    release(found);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
            collect();
            Optional<T> answer = request.get();
            if (answer.isPresent()) {
                return answer;
            }
        }
        return Optional.empty();
    }

    private void release(Reference<?> found) {
        Optional.ofNullable(held.remove(found)).ifPresent(release);
    }
}
