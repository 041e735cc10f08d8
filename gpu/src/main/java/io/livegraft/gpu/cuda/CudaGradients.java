package io.livegraft.gpu.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums over the rows of parts, {@code gradient (r,n) += scale · sᵀ · y} or its transpose, {@code low_rank.cu}: all parts in two
 * launches. The parts of one gradient are added in their order.
 */
final class CudaGradients {
    static final int SLAB_ROWS = 256;
    private static final int COLUMNS = 256;
    private static final int RANKS = 16;
    private static final int PARTIAL_THREADS = 128;
    private static final int SUM_THREADS = 256;
    private static final int SUM_WORDS = 8;

    /**
     * A part of a gradient.
     *
     * @param narrow s (rows, r)
     * @param wide y (rows, n)
     * @param transposed whether the gradient is (n,r)
     */
    record Part(CudaTensor gradient, CudaTensor narrow, CudaTensor wide, boolean transposed, float scale) {
        int slabs() {
            return Math.ceilDiv(wide.rows(), SLAB_ROWS);
        }
    }

    private final CudaDevice device;
    private final CudaKernel partials;
    private final CudaKernel sums;

    CudaGradients(CudaDevice device) {
        this.device = device;
        this.partials = device.kernel("low_rank", "gradient_partials");
        this.sums = device.kernel("low_rank", "gradient_sum");
    }

    /** Room that it needs ends with the scope in use. */
    void add(List<Part> parts) {
        Map<CudaTensor, List<Part>> gradients = new LinkedHashMap<>();
        parts.forEach(part -> gradients
                .computeIfAbsent(part.gradient(), _ -> new ArrayList<>())
                .add(part));
        List<long[]> made = new ArrayList<>();
        List<long[]> added = new ArrayList<>();
        List<long[]> slabCounts = new ArrayList<>();
        int place = SUM_WORDS * gradients.size();
        for (List<Part> of : gradients.values()) {
            added.add(sum(of, made, place));
            slabCounts.add(of.stream().mapToLong(Part::slabs).toArray());
            place += of.size();
        }
        int sumCount = added.size();
        added.addAll(slabCounts);
        int slabs = parts.stream().mapToInt(Part::slabs).max().orElse(0);
        int columns = parts.stream().mapToInt(CudaGradients::columnBlocks).max().orElse(0);
        long most =
                parts.stream().mapToLong(part -> part.gradient().size()).max().orElse(0);
        partials.arguments().address(device.longs(flat(made))).launch(columns, slabs, made.size(), PARTIAL_THREADS, 0);
        sums.arguments()
                .address(device.longs(flat(added)))
                .launch(Math.toIntExact(Math.ceilDiv(most, SUM_THREADS)), 1, sumCount, SUM_THREADS, 0);
    }

    private static int columnBlocks(Part part) {
        return Math.ceilDiv(part.wide().columns(), COLUMNS)
                * Math.ceilDiv(part.narrow().columns(), RANKS);
    }

    /**
     * One gradient's job, after the jobs of its parts.
     *
     * @param place of its numbers of slabs in the table of jobs
     */
    private long[] sum(List<Part> of, List<long[]> made, int place) {
        Part first = of.getFirst();
        int size = Math.toIntExact(first.gradient().size());
        CudaTensor room =
                device.workspaces().unset(of.stream().mapToInt(Part::slabs).sum(), size);
        long address = room.address();
        for (Part part : of) {
            int rank = part.narrow().columns();
            made.add(new long[] {
                part.narrow().address(),
                part.wide().address(),
                address,
                part.wide().rows(),
                rank,
                part.wide().columns()
            });
            address += 4L * size * part.slabs();
        }
        return new long[] {
            first.gradient().address(),
            room.address(),
            first.narrow().columns(),
            first.wide().columns(),
            first.transposed() ? 1 : 0,
            Integer.toUnsignedLong(Float.floatToRawIntBits(first.scale())),
            of.size(),
            place
        };
    }

    private static long[] flat(List<long[]> jobs) {
        return jobs.stream().flatMapToLong(Arrays::stream).toArray();
    }
}
