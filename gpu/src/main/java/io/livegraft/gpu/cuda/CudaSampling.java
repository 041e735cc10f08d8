package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.Draw.Adjustment;
import io.livegraft.gpu.backend.DrawnLogits;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Draws tokens where their logits are, one launch for all rows; formula: {@code HostSampling}, kernel: {@code sampling.cu}. */
final class CudaSampling {
    private static final int THREADS = 1024;

    private final CudaDevice device;
    private final CudaKernel drawToken;

    CudaSampling(CudaDevice device) {
        this.device = device;
        this.drawToken = device.kernel("sampling", "draw_token");
    }

    DrawnLogits draw(CudaTensor logits, int[] rows, List<Draw> draws) {
        require(logits, rows, draws);
        DrawnLogits drawn = new DrawnLogits(new int[rows.length], new float[rows.length]);
        List<Adjustment> adjustments =
                draws.stream().flatMap(draw -> draw.adjustments().stream()).toList();
        try (var _ = device.workspaces().scratch()) {
            CudaTensor ids = device.workspaces().unset(rows.length, 1);
            CudaTensor values = device.workspaces().unset(rows.length, 1);
            drawToken
                    .arguments()
                    .tensor(ids)
                    .tensor(values)
                    .tensor(logits)
                    .tensor(device.workspaces().unset(adjustments.size(), 1))
                    .address(device.ints(draws(rows, draws)))
                    .address(device.longs(chances(draws)))
                    .address(device.ints(adjustments.stream()
                            .flatMapToInt(CudaSampling::words)
                            .toArray()))
                    .integer(logits.columns())
                    .launch(rows.length, THREADS);
            device.download(MemorySegment.ofArray(drawn.ids()), ids.address());
            device.download(MemorySegment.ofArray(drawn.values()), values.address());
        }
        return drawn;
    }

    private static void require(CudaTensor logits, int[] rows, List<Draw> draws) {
        boolean idsAreThere = draws.stream()
                .flatMap(draw -> draw.adjustments().stream())
                .allMatch(one -> one.id() >= 0 && one.id() < logits.columns());
        boolean rowsAreThere = Arrays.stream(rows).allMatch(row -> row >= 0 && row < logits.rows());
        boolean rowsDiffer = Arrays.stream(rows).distinct().count() == rows.length;
        if (rows.length != draws.size() || !rowsAreThere || !rowsDiffer || !idsAreThere) {
            throw new IllegalArgumentException(
                    "%d draws from rows %s of logits (%d,%d), or their adjustments, are not there"
                            .formatted(draws.size(), Arrays.toString(rows), logits.rows(), logits.columns()));
        }
    }

    private static int[] draws(int[] rows, List<Draw> draws) {
        int[] words = new int[5 * rows.length];
        int adjustments = 0;
        for (int i = 0; i < rows.length; i++) {
            Draw draw = draws.get(i);
            words[5 * i] = rows[i];
            words[5 * i + 1] = draw.topK();
            words[5 * i + 2] = Float.floatToRawIntBits(draw.scale());
            words[5 * i + 3] = adjustments;
            adjustments += draw.adjustments().size();
            words[5 * i + 4] = adjustments;
        }
        return words;
    }

    private static long[] chances(List<Draw> draws) {
        return draws.stream()
                .flatMapToLong(draw -> LongStream.of(
                        Double.doubleToRawLongBits(draw.topP()), Double.doubleToRawLongBits(draw.point())))
                .toArray();
    }

    private static IntStream words(Adjustment one) {
        return IntStream.of(one.id(), Float.floatToRawIntBits(one.bias()), Float.floatToRawIntBits(one.penalty()));
    }
}
