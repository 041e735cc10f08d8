package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import java.util.List;
import java.util.Optional;

/**
 * Which kernel multiplies with a frozen weight: chosen by phase, by the weight's form and by what the machine has, never by
 * how many rows there are.
 *
 * <table>
 * <caption>Kernels</caption>
 * <tr><th>weight</th><th>training, prefill</th><th>decode</th></tr>
 * <tr><td>float32</td><td>{@link PanelProduct}</td><td>{@link PanelProduct}</td></tr>
 * <tr><td>4 bits in planes</td><td>{@link Bf16Product}</td><td>{@link DecodeProduct}</td></tr>
 * <tr><td>bfloat16</td><td>{@link Bf16Product}</td><td>{@link Bf16DecodeProduct}</td></tr>
 * <tr><td>others</td><td>{@link Bf16Product}</td><td>{@link PanelProduct}</td></tr>
 * </table>
 *
 * Without oneDNN, or for a weight whose sides are no multiples of 32, {@link PanelProduct} takes the first column, without 512-bit registers both.
 */
final class LinearProducts {
    private final Workers workers;
    private final Optional<Bf16Product> bf16;
    private final boolean wide;

    LinearProducts(Workers workers, CpuKernels kernels) {
        this.workers = workers;
        this.bf16 = kernels.oneDnn().map(oneDnn -> new Bf16Product(oneDnn, workers));
        this.wide = kernels.wide();
    }

    /** As many weights as results. */
    void linear(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws, Phase phase) {
        for (int i = 0; i < ys.size(); i++) {
            linear(ys.get(i), x, ws.get(i), phase);
        }
    }

    private void linear(CpuTensor y, CpuTensor x, CpuLinearWeight w, Phase phase) {
        switch (phase) {
            case TRAINING, PREFILL -> {
                if (rounds(w)) {
                    bf16.orElseThrow().run(y, x, new Bf16Panels(w, true), false);
                } else {
                    panels(y, x, w);
                }
            }
            case DECODE -> {
                switch (w) {
                    case PlaneWeight planes when wide -> DecodeProduct.run(workers, y, x, planes);
                    case Bf16Weight rounded
                    when wide && Bf16DecodeProduct.fits(rounded) -> Bf16DecodeProduct.run(workers, y, x, rounded);
                    case Fp32Weight _, Bf16Weight _, BlockWeight _, PlaneWeight _, RowWeight _ -> panels(y, x, w);
                }
            }
        }
    }

    /** As many weights as gradients, which are added in their order. */
    void linearBackward(CpuTensor dx, List<CpuTensor> dys, List<CpuLinearWeight> ws) {
        for (int i = 0; i < dys.size(); i++) {
            linearBackward(dx, dys.get(i), ws.get(i));
        }
    }

    private void linearBackward(CpuTensor dx, CpuTensor dy, CpuLinearWeight w) {
        if (rounds(w)) {
            bf16.orElseThrow().run(dx, dy, new Bf16Panels(w, false), true);
        } else {
            PanelProduct.run(workers, dx.matrix(Operand.PLAIN), dy.matrix(Operand.PLAIN), w.backward(), 1, true);
        }
    }

    private boolean rounds(CpuLinearWeight w) {
        return bf16.isPresent() && !(w instanceof Fp32Weight) && Bf16Product.fits(w);
    }

    private void panels(CpuTensor y, CpuTensor x, CpuLinearWeight w) {
        PanelProduct.run(workers, y.matrix(Operand.PLAIN), x.matrix(Operand.PLAIN), w.forward(), 1, false);
    }
}
