package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.machinecode.Fetched;
import java.util.List;
import java.util.Optional;

/**
 * Chains of small products, side by side on all workers: what adapters add to a layer. With strips (frozen adapters) and with
 * packed operands (adapters in training) an element has the same bits.
 */
final class ProductChains {
    /** Rows of a chain's last products with strips, rounded: a segment's rows meet several adapted layers. */
    private static final class Rows {
        private final NativeBuffer wide = new NativeBuffer();
        private final NativeBuffer narrow = new NativeBuffer();
        private final Optional<TileBlocks> blocks;
        private Optional<CpuTensor> packed = Optional.empty();
        private Optional<StripRows> rows = Optional.empty();
        private Optional<Tiled> left = Optional.empty();
        private float scale;

        Rows(Optional<ProductKernels> kernels) {
            this.blocks = kernels.map(TileBlocks::new);
        }

        boolean has(CpuTensor a, float factor) {
            return packed.equals(Optional.of(a)) && scale == factor;
        }

        void keep(CpuTensor a, float factor) {
            packed = Optional.of(a);
            scale = factor;
        }
    }

    /** Inputs that are a rank rather than features. */
    private static final int RANK = 32;

    private final Workers workers;
    private final Optional<StripKernels> strips;
    private final ThreadLocal<Rows> rows;

    ProductChains(Workers workers, Optional<StripKernels> strips) {
        this.workers = workers;
        this.strips = strips;
        Optional<ProductKernels> inRegisters =
                strips.flatMap(StripKernels::products).filter(products -> !products.onTiles());
        this.rows = ThreadLocal.withInitial(() -> new Rows(inRegisters));
    }

    /** @param packed for operands that may be rounded; empty where nothing is */
    void run(List<List<Product>> chains, Optional<PackedProduct> packed) {
        long call = packed.map(PackedProduct::newCall).orElse(0L);
        if (chains.size() == 1) {
            chain(chains.getFirst(), packed, call);
        } else {
            workers.run(chains.size(), i -> chain(chains.get(i), packed, call));
        }
    }

    private void chain(List<Product> chain, Optional<PackedProduct> packed, long call) {
        Rows scratch = rows.get();
        scratch.packed = Optional.empty();
        packed.ifPresent(product -> product.forget(call));
        for (Product product : chain) {
            multiply(product, product.b(), scratch, packed);
        }
    }

    private void multiply(Product p, Factor factor, Rows scratch, Optional<PackedProduct> packed) {
        CpuTensor c = CpuTensor.of(p.c());
        Matrix sum = c.matrix(Operand.PLAIN);
        CpuTensor a = CpuTensor.of(p.a());
        Matrix left = a.matrix(p.aOperand());
        switch (factor) {
            case StripFactor.Strips strip -> strips(c, a, strip.weight(), p.scale(), p.accumulate(), scratch);
            case StripFactor.Rows rounded ->
                PanelProduct.run(sum, left, rounded.weight().forward(), p.scale(), p.accumulate());
            case TensorFactor(var tensor, var operand) -> {
                Matrix b = CpuTensor.of(tensor).matrix(operand);
                if (packed.isPresent()) {
                    packed.get().run(sum, left, b, p.scale(), p.accumulate());
                } else {
                    PanelProduct.run(sum, left, b, p.scale(), p.accumulate());
                }
            }
            default -> throw new IllegalArgumentException("no factor of this backend: " + factor);
        }
    }

    private void strips(CpuTensor c, CpuTensor a, StripWeight w, float scale, boolean add, Rows scratch) {
        if (scratch.blocks.isPresent()) {
            scratch.blocks.get().product(c.matrix(Operand.PLAIN), left(a, scale, scratch), w, add);
            return;
        }
        int group = StripRows.group(strips.orElseThrow(), a.rows());
        for (int row = 0; row < a.rows(); row += group) {
            int count = Math.min(group, a.rows() - row);
            rows(a, row, count, w.inputFeatures(), scale, scratch)
                    .multiply(c, row, w, 0, w.stripCount(), add, Fetched.NOTHING);
        }
    }

    /** Rows as blocks of products read them; kept as below. */
    private static Tiled left(CpuTensor a, float scale, Rows scratch) {
        TileBlocks blocks = scratch.blocks.orElseThrow();
        if (a.columns() <= RANK) {
            return blocks.left(scratch.narrow, a.matrix(Operand.PLAIN), scale);
        }
        if (!scratch.has(a, scale)) {
            scratch.left = Optional.of(blocks.left(scratch.wide, a.matrix(Operand.PLAIN), scale));
            scratch.keep(a, scale);
        }
        return scratch.left.orElseThrow();
    }

    /** A few rows in one group meet several factors in turn and are rounded once; a rank is too little to keep. */
    private StripRows rows(CpuTensor a, int row, int count, int columns, float scale, Rows scratch) {
        StripKernels kernels = strips.orElseThrow();
        if (count < a.rows() || columns <= RANK) {
            return StripRows.pack(kernels, scratch.narrow, a, row, count, columns, scale);
        }
        if (!scratch.has(a, scale)) {
            scratch.rows = Optional.of(StripRows.pack(kernels, scratch.wide, a, row, count, columns, scale));
            scratch.keep(a, scale);
        }
        return scratch.rows.orElseThrow();
    }
}
