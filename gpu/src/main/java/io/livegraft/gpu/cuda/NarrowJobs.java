package io.livegraft.gpu.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** bfloat16 copies of what adapters are made of and what they make, many small matrices in one launch of {@code low_rank.cu}. */
final class NarrowJobs {
    private static final int THREADS = 256;

    private record Source(CudaTensor tensor, boolean transposed, float scale) {}

    private final CudaDevice device;
    private final CudaRounding rounding;
    private final CudaKernel kernel;
    private final Map<Source, Bf16Matrix> copies = new LinkedHashMap<>();

    NarrowJobs(CudaDevice device, CudaRounding rounding) {
        this.device = device;
        this.rounding = rounding;
        this.kernel = device.kernel("low_rank", "narrow_to_bf16");
    }

    /** {@code bf16(scale · x)}, there once {@link #launch} was called, until the scope in use ends. */
    Bf16Matrix rounded(CudaTensor x, float scale) {
        return copies.computeIfAbsent(
                new Source(x, false, scale), _ -> rounding.unset(/* rows= */ x.rows(), /* columns= */ x.columns()));
    }

    /** As above, {@code bf16(xᵀ)}. */
    Bf16Matrix transposed(CudaTensor x) {
        return copies.computeIfAbsent(
                new Source(x, true, 1), _ -> rounding.unset(/* rows= */ x.columns(), /* columns= */ x.rows()));
    }

    void launch() {
        List<long[]> jobs = new ArrayList<>();
        long most = 0;
        for (var copy : copies.entrySet()) {
            jobs.add(job(copy.getKey(), copy.getValue()));
            most = Math.max(
                    most, (long) copy.getValue().rows() * copy.getValue().stride());
        }
        long[] table = jobs.stream().flatMapToLong(Arrays::stream).toArray();
        if (table.length > 0) {
            kernel.arguments()
                    .address(device.longs(table))
                    .launch(Math.toIntExact(Math.ceilDiv(most, THREADS)), 1, jobs.size(), THREADS, 0);
        }
    }

    private static long[] job(Source source, Bf16Matrix to) {
        CudaTensor from = source.tensor();
        return new long[] {
            from.address(),
            to.address(),
            to.rows(),
            to.columns(),
            to.stride(),
            source.transposed() ? 1 : from.columns(),
            source.transposed() ? from.columns() : 1,
            Integer.toUnsignedLong(Float.floatToRawIntBits(source.scale()))
        };
    }
}
