package io.livegraft.gpu.backend;

import java.util.Optional;
import java.util.function.Function;

/** {@link SlicedWork#map}. */
final class MappedWork<T, R> implements SlicedWork<R> {
    private final SlicedWork<T> work;
    private final Function<? super T, ? extends R> function;
    private Optional<R> made = Optional.empty();

    MappedWork(SlicedWork<T> work, Function<? super T, ? extends R> function) {
        this.work = work;
        this.function = function;
    }

    @Override
    public boolean advance() {
        if (made.isEmpty() && work.advance()) {
            made = Optional.of(function.apply(work.result()));
        }
        return made.isPresent();
    }

    @Override
    public R result() {
        return made.orElseThrow(() -> new IllegalStateException("the work is not done"));
    }
}
