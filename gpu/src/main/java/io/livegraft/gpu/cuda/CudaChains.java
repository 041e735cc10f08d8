package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import java.util.ArrayList;
import java.util.List;

/**
 * Chains of small products: what adapters add to a layer. What does not wait for another product of its chain is one launch, adapters
 * and rows together; operands are rounded to bfloat16. An adapter in training and the same one in serving give the same bits.
 */
final class CudaChains {
    /** Rows of x that a block takes, by kernel. */
    private static final int FEW = 8;

    private static final int FEW_PACKED = 16;
    private static final int MANY = 64;

    private final CudaDevice device;
    private final CudaProducts products;
    private final CudaKernel fewAdapted;
    private final CudaKernel manyAdapted;
    private final CudaKernel fewPacked;
    private final CudaKernel manyPacked;
    private final CudaKernel fewTrained;
    private final CudaKernel manyTrained;

    CudaChains(CudaDevice device, CudaProducts products) {
        this.device = device;
        this.products = products;
        this.fewAdapted = device.kernel("rows", "rows_adapter_8");
        this.manyAdapted = device.kernel("rows", "rows_adapter_64");
        this.fewPacked = device.kernel("rows", "rows_bf16_16");
        this.manyPacked = device.kernel("rows", "rows_bf16_64");
        this.fewTrained = device.kernel("rows", "rows_trained_8");
        this.manyTrained = device.kernel("rows", "rows_trained_64");
    }

    void run(List<List<Product>> chains) {
        List<List<Product>> levels = new ArrayList<>();
        for (List<Product> chain : chains) {
            sort(chain, levels);
        }
        levels.forEach(this::level);
    }

    /** A product comes one level behind the last of its chain that writes what it reads or adds to. */
    private static void sort(List<Product> chain, List<List<Product>> levels) {
        int[] placed = new int[chain.size()];
        for (int i = 0; i < placed.length; i++) {
            for (int j = 0; j < i; j++) {
                if (waits(chain.get(i), CudaTensor.of(chain.get(j).c()))) {
                    placed[i] = Math.max(placed[i], placed[j] + 1);
                }
            }
            while (levels.size() <= placed[i]) {
                levels.add(new ArrayList<>());
            }
            levels.get(placed[i]).add(chain.get(i));
        }
    }

    private static boolean waits(Product product, CudaTensor written) {
        return overlap(written, product.a())
                || overlap(written, product.c())
                || (product.b() instanceof TensorFactor factor && overlap(written, factor.tensor()));
    }

    private static boolean overlap(CudaTensor one, Tensor tensor) {
        CudaTensor other = CudaTensor.of(tensor);
        return one.address() < other.address() + other.bytes() && other.address() < one.address() + one.bytes();
    }

    private void level(List<Product> independent) {
        RowJobs adapted = new RowJobs();
        RowJobs trained = new RowJobs();
        for (Product p : independent) {
            CudaTensor c = CudaTensor.of(p.c());
            CudaTensor a = CudaTensor.of(p.a());
            switch (p.b()) {
                case CudaFactor(var w) ->
                    adapted.add(
                            w.address(), w.stride(), w.columns(), RowJobs.Input.of(a), c, p.scale(), p.accumulate());
                case TensorFactor(var tensor, var operand)
                when rows(p, operand) -> {
                    CudaTensor w = CudaTensor.of(tensor);
                    trained.add(
                            w.address(), w.columns(), w.columns(), RowJobs.Input.of(a), c, p.scale(), p.accumulate());
                }
                case TensorFactor(var tensor, var operand) ->
                    products.rounded(c, a, p.aOperand(), CudaTensor.of(tensor), operand, p.scale(), p.accumulate());
                default -> throw new IllegalArgumentException("no factor of this backend: " + p.b());
            }
        }
        adapted(adapted);
        trained(trained);
    }

    private static boolean rows(Product p, Operand operand) {
        return p.aOperand() == Operand.PLAIN && operand == Operand.TRANSPOSED;
    }

    /** Jobs whose weights are in bfloat16. */
    void adapted(RowJobs jobs) {
        jobs.launch(device, jobs.rows() <= FEW ? fewAdapted : manyAdapted, jobs.rows() <= FEW ? FEW : MANY);
    }

    /** Jobs whose weights and rows are in bfloat16. */
    void packed(RowJobs jobs) {
        boolean few = jobs.rows() <= FEW_PACKED;
        jobs.launch(device, few ? fewPacked : manyPacked, few ? FEW_PACKED : MANY);
    }

    /** Jobs whose weights are float32. */
    void trained(RowJobs jobs) {
        jobs.launch(device, jobs.rows() <= FEW ? fewTrained : manyTrained, jobs.rows() <= FEW ? FEW : MANY);
    }
}
