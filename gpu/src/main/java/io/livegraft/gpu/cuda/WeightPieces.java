package io.livegraft.gpu.cuda;

import java.lang.foreign.MemorySegment;

/** A weight's values on their way through bounded room on the device: of a large one, float32 is never there as a whole. */
final class WeightPieces {
    /** Has a piece's values until it returns. */
    @FunctionalInterface
    interface Taker {
        /**
         * One piece.
         *
         * @param values one row of them
         * @param first of the weight's values that is in it
         */
        void take(CudaTensor values, int first);
    }

    private WeightPieces() {}

    /**
     * Gives all pieces away, in their order.
     *
     * @param unit values that must not be parted; every piece but the last has a multiple of it
     */
    static void pass(CudaDevice device, float[] values, int unit, Taker taker) {
        int most = Math.max(1, device.pieceBytes() / Float.BYTES / unit) * unit;
        try (var _ = device.workspaces().scratch()) {
            CudaTensor room = device.workspaces().unset(1, Math.min(most, values.length));
            for (int piece = 0; piece < Math.ceilDiv(values.length, most); piece++) {
                int first = piece * most;
                int count = Math.min(most, values.length - first);
                device.upload(
                        room.address(),
                        MemorySegment.ofArray(values).asSlice((long) Float.BYTES * first, (long) Float.BYTES * count));
                taker.take(room.view(0, 1, count), first);
            }
        }
    }
}
