package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which kernel multiplies with a frozen weight: chosen by phase, by the weight's form and by what the machine has, never by
 * how many rows there are.
 *
 * <table>
 * <caption>Kernels</caption>
 * <tr><th>weight</th><th>training, prefill</th><th>decode</th></tr>
 * <tr><td>float32</td><td>{@link PanelProduct}</td><td>{@link PanelProduct}</td></tr>
 * <tr><td>4 or 8 bits or bfloat16 in strips</td><td>{@link TileProduct}</td><td>{@link StripDecode}</td></tr>
 * <tr><td>the same where prompts multiply bytes</td><td>training {@link TileProduct}, prefill {@link StripDecode}</td><td>{@link
 * StripDecode}</td></tr>
 * <tr><td>others</td><td>{@link TileProduct}</td><td>{@link PanelProduct}</td></tr>
 * </table>
 *
 * {@link FloatProduct} (oneDNN, in float32) takes the place of {@link TileProduct} where there is no machine code for it;
 * {@link PanelProduct} that of whatever the machine lacks or a weight's sides don't fit.
 */
final class LinearProducts {
    private final Workers workers;
    private final Optional<TileProduct> tiles;
    private final Optional<AdaptedProduct> adapted;
    private final Optional<FloatProduct> floats;
    private final Optional<StripKernels> strips;
    private final Optional<StripDecode> decode;
    private final boolean bytePrompts;

    LinearProducts(Workers workers, CpuKernels kernels) {
        this.workers = workers;
        this.tiles = kernels.products().map(some -> new TileProduct(workers, some));
        this.adapted = kernels.products().map(some -> new AdaptedProduct(workers, some));
        this.floats = kernels.oneDnn().map(oneDnn -> new FloatProduct(oneDnn, workers));
        this.strips = kernels.strips();
        this.decode = strips.map(some -> new StripDecode(workers, some));
        this.bytePrompts = kernels.bytePrompts();
    }

    /**
     * As many weights as results.
     *
     * @param next what adapters add after it, which a decode step fetches meanwhile
     */
    void linear(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws, Phase phase, List<LowRankRows> next) {
        requireShapes(ys, x, ws);
        switch (phase) {
            case TRAINING -> manyRows(ys, x, ws);
            case PREFILL -> prompt(ys, x, ws);
            case DECODE -> fewRows(ys, x, ws, next);
        }
    }

    /** Layers with their adapters' parts, rounded, in one pass over many rows; false where that is no shorter way. */
    boolean adapted(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws, List<LowRankRows> parts, Phase phase) {
        int outputs = ys.stream().mapToInt(CpuTensor::columns).sum();
        if (phase != Phase.TRAINING
                || adapted.isEmpty()
                || !all(ws, LinearProducts::onTiles)
                || !tiles.orElseThrow().rowsAreMany(x.rows(), outputs)
                || !AdaptedProduct.takes(x, parts)) {
            return false;
        }
        requireShapes(ys, x, ws);
        adapted.get().linear(ys, x, ws, parts);
        return true;
    }

    /** Whether threads share the rows of the way back. */
    boolean manyRowsBackward(CpuTensor dx, List<CpuLinearWeight> ws) {
        return tiles.isPresent()
                && all(ws, LinearProducts::onTiles)
                && tiles.get().rowsAreMany(dx.rows(), dx.columns());
    }

    private static void requireShapes(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws) {
        for (int i = 0; i < ys.size(); i++) {
            x.requireShape(ys.get(i).rows(), ws.get(i).inputFeatures());
            ys.get(i).requireShape(x.rows(), ws.get(i).outputFeatures());
        }
    }

    private void manyRows(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws) {
        if (tiles.isPresent() && all(ws, LinearProducts::onTiles)) {
            tiles.get().linear(ys, x, ws);
            return;
        }
        for (int i = 0; i < ws.size(); i++) {
            CpuLinearWeight w = ws.get(i);
            if (tiles.isPresent() && onTiles(w)) {
                tiles.get().linear(List.of(ys.get(i)), x, List.of(w));
            } else if (floats.isPresent() && onOneDnn(w)) {
                floats.get().run(ys.get(i), x, FloatPanels.of(w, false, strips), false);
            } else {
                panels(ys.get(i), x, w);
            }
        }
    }

    private void prompt(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws) {
        if (bytePrompts && all(ws, LinearProducts::inBytes)) {
            fewRows(ys, x, ws, List.of());
        } else {
            manyRows(ys, x, ws);
        }
    }

    private static boolean inBytes(CpuLinearWeight w) {
        return w instanceof StripWeight strip && strip.form().bytes();
    }

    private void fewRows(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws, List<LowRankRows> next) {
        if (decode.isPresent() && all(ws, StripWeight.class::isInstance)) {
            decode.get().run(ys, x, ws.stream().map(StripWeight.class::cast).toList(), next);
            return;
        }
        for (int i = 0; i < ws.size(); i++) {
            if (decode.isPresent() && ws.get(i) instanceof StripWeight w) {
                decode.get().run(List.of(ys.get(i)), x, List.of(w), List.of());
            } else {
                panels(ys.get(i), x, ws.get(i));
            }
        }
    }

    /** As many weights as gradients, which are added in their order; what was in dx stays where {@code accumulate}. */
    void linearBackward(CpuTensor dx, List<CpuTensor> dys, List<CpuLinearWeight> ws, boolean accumulate) {
        for (int i = 0; i < dys.size(); i++) {
            dx.requireShape(dys.get(i).rows(), ws.get(i).inputFeatures());
            dys.get(i).requireShape(dx.rows(), ws.get(i).outputFeatures());
            linearBackward(dx, dys.get(i), ws.get(i), accumulate || i > 0);
        }
    }

    private void linearBackward(CpuTensor dx, CpuTensor dy, CpuLinearWeight w, boolean add) {
        if (tiles.isPresent() && onTiles(w)) {
            tiles.get().linearBackward(dx, dy, w, add);
        } else if (floats.isPresent() && onOneDnn(w)) {
            floats.get().run(dx, dy, FloatPanels.of(w, true, strips), add);
        } else {
            PanelProduct.run(workers, dx.matrix(Operand.PLAIN), dy.matrix(Operand.PLAIN), w.backward(), 1, add);
        }
    }

    private static boolean all(List<CpuLinearWeight> ws, Predicate<CpuLinearWeight> condition) {
        return ws.stream().allMatch(condition);
    }

    private static boolean onTiles(CpuLinearWeight w) {
        return !(w instanceof Fp32Weight) && TileProduct.fits(w);
    }

    private static boolean onOneDnn(CpuLinearWeight w) {
        return !(w instanceof Fp32Weight) && FloatProduct.fits(w);
    }

    private void panels(CpuTensor y, CpuTensor x, CpuLinearWeight w) {
        PanelProduct.run(workers, y.matrix(Operand.PLAIN), x.matrix(Operand.PLAIN), w.forward(), 1, false);
    }
}
