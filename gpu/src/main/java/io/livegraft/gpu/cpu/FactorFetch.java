package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.machinecode.Fetched;
import java.util.List;
import java.util.Optional;

/**
 * What a decode step reads of adapters after the products at hand: fetched meanwhile, since products of more than a few rows leave the
 * memory idle. Tasks fetch what {@link LowRankDecode} gives their threads, so that most lies in the cache of who needs it.
 *
 * @param parts each laid down by {@link StripFactors}: what one reads is one piece of memory
 */
record FactorFetch(List<LowRankRows> parts) {
    static final FactorFetch NOTHING = new FactorFetch(List.of());

    static FactorFetch of(List<LowRankRows> parts) {
        return LowRankDecode.takes(parts) ? new FactorFetch(parts) : NOTHING;
    }

    /**
     * The share of task {@code task} of {@code tasks}.
     *
     * @param blocks that the task multiplies, each as often as there are groups of rows
     */
    Cursor cursor(int task, int tasks, long blocks) {
        List<Piece> pieces = parts.subList(parts.size() * task / tasks, parts.size() * (task + 1) / tasks).stream()
                .map(Piece::of)
                .filter(piece -> piece.bytes() > 0)
                .toList();
        return new Cursor(pieces, blocks);
    }

    /** Addresses of what an adapter's pairs read, from the first one's beginning to the last one's end; nothing without any. */
    private record Piece(long from, long to) {
        static Piece of(LowRankRows part) {
            Piece piece = new Piece(0, 0);
            for (Optional<LowRankPair> pair : part.pairs()) {
                if (pair.isPresent()) {
                    StripWeight shrink = StripFactor.of(pair.get().shrink()).decode();
                    StripWeight expand = StripFactor.of(pair.get().expand()).decode();
                    long from = piece.from == 0 ? shrink.strips().address() : piece.from;
                    piece = new Piece(from, expand.strips().address() + expand.bytes());
                }
            }
            return piece;
        }

        long bytes() {
            return to - from;
        }
    }

    /** Goes through one task's share once, evenly. */
    static final class Cursor {
        private final List<Piece> pieces;
        /** Lines beside a block that are enough for all. */
        private final int lines;

        private int piece;
        /** Bytes of the piece at hand. */
        private long fetched;

        private Cursor(List<Piece> pieces, long blocks) {
            this.pieces = pieces;
            this.lines = lines(pieces.stream().mapToLong(Piece::bytes).sum(), blocks);
        }

        boolean done() {
            return piece == pieces.size();
        }

        /** Beside rows' product with {@code blocks}: what is left of an adapter, or a share of it. */
        Fetched next(DecodeRows rows, long blocks, long ahead) {
            if (done()) {
                return rows.fetched(0, 0, ahead);
            }
            long from = pieces.get(piece).from() + fetched;
            long left = pieces.get(piece).to() - from;
            Fetched next = rows.fetched(from, Math.min(lines, lines(left, blocks)), ahead);
            long bytes = next.lines() * blocks * Fetched.LINE;
            fetched += bytes;
            if (bytes >= left) {
                piece++;
                fetched = 0;
            }
            return next;
        }

        private static int lines(long bytes, long blocks) {
            return (int) Math.ceilDiv(bytes, blocks * Fetched.LINE);
        }
    }
}
