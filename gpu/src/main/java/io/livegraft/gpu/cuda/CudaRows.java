package io.livegraft.gpu.cuda;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Products of a few rows with frozen weights, {@code rows.cu}: one launch for all weights of a form. The number of rows chooses how
 * many of them a block takes, which no bit depends on.
 */
final class CudaRows {
    /** Rows of x that a block takes, by kernel; the smallest kernel rounds them itself. */
    private static final int[] TILES = {8, 16, 32, 64};

    private enum Form {
        FOUR_BITS,
        EIGHT_BITS,
        BF16
    }

    private final CudaDevice device;
    private final CudaRounding rounding;
    private final List<CudaKernel> fourBits;
    private final List<CudaKernel> eightBits;
    private final List<CudaKernel> bf16;

    CudaRows(CudaDevice device, CudaRounding rounding) {
        this.device = device;
        this.rounding = rounding;
        this.fourBits = kernels(device, "4bit");
        this.eightBits = kernels(device, "8bit");
        this.bf16 = kernels(device, "bf16");
    }

    private static List<CudaKernel> kernels(CudaDevice device, String form) {
        return IntStream.of(TILES)
                .mapToObj(tile -> device.kernel("rows", "rows_%s_%d".formatted(form, tile)))
                .toList();
    }

    private List<CudaKernel> kernels(Form form) {
        return switch (form) {
            case FOUR_BITS -> fourBits;
            case EIGHT_BITS -> eightBits;
            case BF16 -> bf16;
        };
    }

    /** {@code ys[i] = x · ws[i]ᵀ}, operands rounded to bfloat16; of 4 bits the levels are, and scales multiply sums. */
    void multiply(List<CudaTensor> ys, CudaTensor x, List<CudaWeight> ws) {
        try (var _ = device.workspaces().scratch()) {
            int size = size(x.rows());
            RowJobs.Input input = size == 0 ? RowJobs.Input.of(x) : RowJobs.Input.of(rounding.rounded(x));
            Map<Form, RowJobs> jobs = new EnumMap<>(Form.class);
            for (int i = 0; i < ws.size(); i++) {
                add(jobs, ws.get(i), input, ys.get(i));
            }
            jobs.forEach((form, some) -> some.launch(device, kernels(form).get(size), TILES[size]));
        }
    }

    private void add(Map<Form, RowJobs> jobs, CudaWeight weight, RowJobs.Input x, CudaTensor y) {
        switch (weight) {
            case CudaWeight.Blocks w
            when w.scales().ordered() -> {
                RowJobs some = jobs(jobs, Form.FOUR_BITS);
                some.add(w.tiles().address(), 0, w.inputFeatures(), x, y, 1, false);
                some.form(w);
            }
            case CudaWeight.Rows w -> {
                RowJobs some = jobs(jobs, Form.EIGHT_BITS);
                some.add(w.tiles().address(), 0, w.inputFeatures(), x, y, 1, false);
                some.form(w);
            }
            case CudaWeight.Blocks _, CudaWeight.Bf16 _, CudaWeight.Fp32 _ -> {
                Bf16Matrix w = rounding.dequantized(weight);
                jobs(jobs, Form.BF16).add(w.address(), w.stride(), w.columns(), x, y, 1, false);
            }
        }
    }

    private static RowJobs jobs(Map<Form, RowJobs> jobs, Form form) {
        return jobs.computeIfAbsent(form, _ -> new RowJobs());
    }

    private static int size(int rows) {
        int size = 0;
        while (size < TILES.length - 1 && TILES[size] < rows) {
            size++;
        }
        return size;
    }
}
