package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Which kernel multiplies: chosen by phase, arithmetic and the weight's form, never by how many rows there are.
 *
 * <table>
 * <caption>Kernels</caption>
 * <tr><th>weight</th><th>training, prefill</th><th>decode</th></tr>
 * <tr><td>float32</td><td>{@link CudaDense}, float32</td><td>{@link CudaDense}, float32</td></tr>
 * <tr><td>bfloat16, 8 or 4 bits</td><td>{@link CudaDense} on a bfloat16 copy</td><td>{@link CudaRows}</td></tr>
 * </table>
 */
final class CudaProducts {
    private final CudaDevice device;
    private final CudaRounding rounding;
    private final CudaDense dense;
    private final CudaRows rows;

    CudaProducts(CudaDevice device, CudaRounding rounding) {
        this.device = device;
        this.rounding = rounding;
        this.dense = new CudaDense(device);
        this.rows = new CudaRows(device, rounding);
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
                case TRAINING, PREFILL -> manyRows(roundedYs, x, rounded);
                case DECODE -> rows.multiply(roundedYs, x, rounded);
            }
        }
    }

    private void manyRows(List<CudaTensor> ys, CudaTensor x, List<CudaWeight> ws) {
        try (var _ = device.workspaces().scratch()) {
            Bf16Matrix left = rounding.rounded(x);
            for (int i = 0; i < ws.size(); i++) {
                try (var _ = device.workspaces().scratch()) {
                    Bf16Matrix w = rounding.dequantized(ws.get(i));
                    dense.multiply(ys.get(i), left, Operand.PLAIN, w, Operand.TRANSPOSED, 1, false);
                }
            }
        }
    }

    /** {@code dx = or += Σ dys[i] · ws[i]}, in order of i. */
    void linearBackward(Tensor gradient, List<Tensor> dys, List<? extends CudaWeight> ws, boolean accumulate) {
        CudaTensor dx = CudaTensor.of(gradient);
        for (int i = 0; i < ws.size(); i++) {
            CudaTensor dy = CudaTensor.of(dys.get(i));
            boolean add = accumulate || i > 0;
            if (ws.get(i) instanceof CudaWeight.Fp32(var w)) {
                dense.multiply(dx, dy, Operand.PLAIN, w, Operand.PLAIN, 1, add);
            } else {
                try (var _ = device.workspaces().scratch()) {
                    Bf16Matrix up = rounding.rounded(dy);
                    Bf16Matrix w = rounding.dequantized(ws.get(i));
                    dense.multiply(dx, up, Operand.PLAIN, w, Operand.PLAIN, 1, add);
                }
            }
        }
    }
}
