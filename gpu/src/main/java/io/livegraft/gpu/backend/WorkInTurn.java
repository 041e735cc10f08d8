package io.livegraft.gpu.backend;

import java.util.Optional;
import java.util.function.Function;

/** {@link SlicedWork#then}. */
final class WorkInTurn<T, R> implements SlicedWork<R> {
    private final SlicedWork<T> first;
    private final Function<? super T, ? extends SlicedWork<R>> next;
    private Optional<SlicedWork<R>> second = Optional.empty();

    WorkInTurn(SlicedWork<T> first, Function<? super T, ? extends SlicedWork<R>> next) {
        this.first = first;
        this.next = next;
    }

    @Override
    public boolean advance() {
        if (second.isPresent()) {
            return second.get().advance();
        }
        if (first.advance()) {
            second = Optional.of(next.apply(first.result()));
        }
        return false;
    }

    @Override
    public R result() {
        return second.orElseThrow(() -> new IllegalStateException("the work is not done"))
                .result();
    }
}
