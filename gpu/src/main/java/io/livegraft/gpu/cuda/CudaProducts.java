package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which kernel multiplies: chosen by phase, arithmetic and the weight's form, never by how many rows there are.
 *
 * <table>
 * <caption>Kernels</caption>
 * <tr><th>weight</th><th>training, prefill</th><th>decode</th></tr>
 * <tr><td>float32</td><td>{@link CudaDense}, float32</td><td>{@link CudaDense}, float32</td></tr>
 * <tr><td>bfloat16, 8 or 4 bits</td><td>{@link CudaDense} on a bfloat16 copy</td><td>{@link CudaRows}</td></tr>
 * </table>
 *
 * <p>In the profile {@code fast} prefill's products with copies are {@link Cublas}'s, and what adapters add is one more pass over y.
 */
final class CudaProducts {
    private final CudaDevice device;
    private final CudaRounding rounding;
    private final CudaDense dense;
    private final CudaAdapted adapted;
    private final CudaRows rows;
    private final Optional<Cublas> library;

    CudaProducts(CudaDevice device, CudaRounding rounding) {
        this(device, rounding, Optional.empty());
    }

    /** @param library of the profile {@code fast} */
    CudaProducts(CudaDevice device, CudaRounding rounding, Optional<Cublas> library) {
        this.device = device;
        this.rounding = rounding;
        this.dense = new CudaDense(device);
        this.adapted = new CudaAdapted(device);
        this.rows = new CudaRows(device, rounding);
        this.library = library;
    }

    /** {@code c = or += scale · op(a) · op(b)}. */
    void multiply(
            CudaTensor c,
            CudaTensor a,
            Operand aOperand,
            CudaTensor b,
            Operand bOperand,
            float scale,
            boolean accumulate,
            Arithmetic arithmetic) {
        switch (arithmetic) {
            case FLOAT32 -> dense.multiply(c, a, aOperand, b, bOperand, scale, accumulate);
            case BFLOAT16 -> rounded(c, a, aOperand, b, bOperand, scale, accumulate);
        }
    }

    /** The same with operands rounded to bfloat16. */
    void rounded(
            CudaTensor c,
            CudaTensor a,
            Operand aOperand,
            CudaTensor b,
            Operand bOperand,
            float scale,
            boolean accumulate) {
        try (var _ = device.workspaces().scratch()) {
            Bf16Matrix left = rounding.rounded(a);
            dense.multiply(c, left, aOperand, rounding.rounded(b), bOperand, scale, accumulate);
        }
    }

    /** {@code ys[i] = x · ws[i]ᵀ}. */
    void linear(List<Tensor> results, Tensor input, List<? extends CudaWeight> weights, Phase phase) {
        CudaTensor x = CudaTensor.of(input);
        List<CudaTensor> ys = CudaTensor.of(results);
        List<CudaTensor> roundedYs = new ArrayList<>();
        List<CudaWeight> rounded = new ArrayList<>();
        for (int i = 0; i < weights.size(); i++) {
            CudaTensor y = ys.get(i).requireShape(x.rows(), weights.get(i).outputFeatures());
            x.requireShape(x.rows(), weights.get(i).inputFeatures());
            if (weights.get(i) instanceof CudaWeight.Fp32(var w)) {
                dense.multiply(y, x, Operand.PLAIN, w, Operand.TRANSPOSED, 1, false);
            } else {
                roundedYs.add(y);
                rounded.add(weights.get(i));
            }
        }
        if (!rounded.isEmpty()) {
            switch (phase) {
                case TRAINING, PREFILL -> manyRows(roundedYs, x, rounded, phase);
                case DECODE -> rows.multiply(roundedYs, x, rounded);
            }
        }
    }

    private void manyRows(List<CudaTensor> ys, CudaTensor x, List<CudaWeight> ws, Phase phase) {
        try (var _ = device.workspaces().scratch()) {
            Bf16Matrix left = rounding.rounded(x);
            for (int i = 0; i < ws.size(); i++) {
                manyRows(ys.get(i), left, ws.get(i), List.of(), phase);
            }
        }
    }

    /** {@code y = x · wᵀ} and what adapters add; x in bfloat16. */
    private void manyRows(
            CudaTensor y, Bf16Matrix x, CudaWeight weight, List<CudaAdapted.Columns> columns, Phase phase) {
        try (var _ = device.workspaces().scratch()) {
            Bf16Matrix w = rounding.dequantized(weight);
            if (phase == Phase.PREFILL && library.isPresent()) {
                library.get().multiply(y, x, w);
                adapted.add(y, columns);
            } else if (columns.isEmpty()) {
                dense.multiply(y, x, Operand.PLAIN, w, Operand.TRANSPOSED, 1, false);
            } else {
                adapted.multiply(y, x, w, Operand.TRANSPOSED, false, columns);
            }
        }
    }

    /**
     * {@code ys[i] = x · ws[i]ᵀ} of many rows, and what adapters add.
     *
     * @param rounded x in bfloat16
     * @param columns of each weight's product
     */
    void linear(
            List<CudaTensor> ys,
            CudaTensor x,
            Bf16Matrix rounded,
            List<CudaWeight> weights,
            List<List<CudaAdapted.Columns>> columns,
            Phase phase) {
        for (int i = 0; i < weights.size(); i++) {
            CudaTensor y = ys.get(i).requireShape(x.rows(), weights.get(i).outputFeatures());
            if (weights.get(i) instanceof CudaWeight.Fp32(var w)) {
                dense.multiply(y, x, Operand.PLAIN, w, Operand.TRANSPOSED, 1, false);
                adapted.add(y, columns.get(i));
            } else {
                manyRows(y, rounded, weights.get(i), columns.get(i), phase);
            }
        }
    }

    /** {@code dx = or += Σ dys[i] · ws[i]}, in order of i: one chain of sums where all weights are held in less than float32. */
    void linearBackward(Tensor gradient, List<Tensor> dys, List<? extends CudaWeight> ws, boolean accumulate) {
        linearBackward(CudaTensor.of(gradient), CudaTensor.of(dys), ws, accumulate, List.of());
    }

    /** As above, and what adapters add behind the last weight. */
    void linearBackward(
            CudaTensor dx,
            List<CudaTensor> dys,
            List<? extends CudaWeight> ws,
            boolean accumulate,
            List<CudaAdapted.Columns> columns) {
        for (int i = 0; i < ws.size(); i++) {
            boolean add = accumulate || i > 0;
            boolean last = i + 1 == ws.size();
            if (ws.get(i) instanceof CudaWeight.Fp32(var w)) {
                dense.multiply(dx, dys.get(i), Operand.PLAIN, w, Operand.PLAIN, 1, add);
                adapted.add(dx, last ? columns : List.of());
            } else {
                manyRowsBackward(dx, dys.get(i), ws.get(i), add, last ? columns : List.of());
            }
        }
    }

    private void manyRowsBackward(
            CudaTensor dx, CudaTensor dy, CudaWeight weight, boolean add, List<CudaAdapted.Columns> columns) {
        try (var _ = device.workspaces().scratch()) {
            Bf16Matrix up = rounding.rounded(dy);
            Bf16Matrix w = rounding.dequantized(weight);
            if (!add && columns.isEmpty()) {
                dense.multiply(dx, up, Operand.PLAIN, w, Operand.PLAIN, 1, false);
            } else {
                adapted.multiply(dx, up, w, Operand.PLAIN, add, columns);
            }
        }
    }
}
