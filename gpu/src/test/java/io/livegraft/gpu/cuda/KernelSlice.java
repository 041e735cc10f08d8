package io.livegraft.gpu.cuda;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import jcuda.driver.CUmodule;

/** A little of everything that multiplies, on kernels of which some come from another folder. */
final class KernelSlice {
    private static final long MEMORY_BYTES = 1 << 26;

    /** Sources come from the folder where it has them. */
    private record Mutated(Path folder) implements CudaModules {
        @Override
        public CUmodule load(String name, CudaCapability capability) {
            boolean own = Files.exists(folder.resolve(name + ".cu"));
            return (own ? new HostModules(folder) : new HostModules()).load(name, capability);
        }

        @Override
        public String digest() {
            return "mutated-kernels";
        }
    }

    private KernelSlice() {}

    /** Runs with every order of threads; the argument is the folder. A process of its own for sanitizers. */
    public static void main(String[] arguments) {
        for (FiberOrder order : FiberOrder.values()) {
            System.out.println(
                    order + " " + results(Path.of(arguments[0]), order).size());
        }
    }

    static List<float[]> results(Path folder, FiberOrder order) {
        StandInDriver.load();
        StandInDriver.order(order, 11);
        try (CudaDevice device = StandIn.device(new Mutated(folder), MEMORY_BYTES)) {
            CudaRounding rounding = new CudaRounding(device);
            CudaProducts products = new CudaProducts(device, rounding);
            List<float[]> results = new ArrayList<>(linear(device, new CudaWeights(device, rounding), products));
            for (Arithmetic arithmetic : Arithmetic.values()) {
                CudaTensor c = tensor(device, 3, 41, 43);
                CudaTensor a = tensor(device, 4, 41, 47);
                CudaTensor b = tensor(device, 5, 43, 47);
                products.multiply(c, a, Operand.PLAIN, b, Operand.TRANSPOSED, 1, false, arithmetic);
                results.add(read(device, c));
            }
            results.add(drawn(device));
            results.add(adapted(device, rounding, new CudaChains(device, products)));
            results.addAll(columns(device, rounding));
            return results;
        } finally {
            StandInDriver.order(FiberOrder.FORWARD, 1);
        }
    }

    private static List<float[]> linear(CudaDevice device, CudaWeights weights, CudaProducts products) {
        List<float[]> results = new ArrayList<>();
        for (Precision precision : List.of(Precision.NF4, Precision.INT8)) {
            CudaWeight weight = weights.freeze(HostTensor.matrix(37, 576, values(1, 37 * 576)), precision);
            CudaTensor x = tensor(device, 2, 11, 576);
            for (Phase phase : List.of(Phase.TRAINING, Phase.DECODE)) {
                CudaTensor y = tensor(device, 3, 11, 37);
                products.linear(List.of(y), x, List.of(weight), phase);
                results.add(read(device, y));
            }
        }
        return results;
    }

    private static float[] adapted(CudaDevice device, CudaRounding rounding, CudaChains chains) {
        Bf16Matrix shrink = rounding.own(16, 331);
        rounding.round(shrink, tensor(device, 6, 16, 331));
        CudaTensor h = tensor(device, 7, 9, 16);
        chains.run(List.of(List.of(Product.into(h, tensor(device, 8, 9, 331), new CudaFactor(shrink), 1))));
        return read(device, h);
    }

    private static float[] drawn(CudaDevice device) {
        List<Draw> draws = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            draws.add(new Draw(2, i % 2 == 0 ? 1 : 0.95, i % 3 == 0 ? 40 : 0, i / 24.0, List.of()));
        }
        CudaTensor logits = tensor(device, 9, draws.size(), 523);
        int[] rows = IntStream.range(0, draws.size()).toArray();
        return new CudaSampling(device).draw(logits, rows, draws).values();
    }

    /** Adapters behind a product: one of more columns than stages hold at once, and one that is no number in the last row; a row has none. */
    private static List<float[]> columns(CudaDevice device, CudaRounding rounding) {
        CudaAdapted adapted = new CudaAdapted(device);
        Bf16Matrix none = rounding.own(37, 8);
        device.queue().fill(none.address(), none.rows() * none.stride() / 2, 0x7FFF7FFF);
        List<CudaAdapted.Columns> columns = List.of(
                new CudaAdapted.Columns(0, copy(device, rounding, 9, 5, 16), copy(device, rounding, 10, 37, 16)),
                new CudaAdapted.Columns(6, copy(device, rounding, 11, 6, 133), copy(device, rounding, 12, 37, 133)),
                new CudaAdapted.Columns(12, copy(device, rounding, 17, 1, 8), none));
        Bf16Matrix a = copy(device, rounding, 13, 13, 61);
        List<float[]> results = new ArrayList<>();
        CudaTensor c = tensor(device, 14, 13, 37);
        adapted.multiply(c, a, copy(device, rounding, 15, 37, 61), Operand.TRANSPOSED, false, columns);
        results.add(read(device, c));
        adapted.multiply(c, a, copy(device, rounding, 16, 61, 37), Operand.PLAIN, true, columns);
        results.add(read(device, c));
        return results;
    }

    private static Bf16Matrix copy(CudaDevice device, CudaRounding rounding, int seed, int rows, int columns) {
        Bf16Matrix copy = rounding.own(rows, columns);
        rounding.round(copy, tensor(device, seed, rows, columns));
        return copy;
    }

    private static float[] values(int seed, int count) {
        return TinyModel.gaussian(new Random(seed), count, 1);
    }

    private static CudaTensor tensor(CudaDevice device, int seed, int rows, int columns) {
        CudaTensor tensor = device.workspaces().own(rows, columns, DeviceMemory.Use.TENSORS);
        device.upload(tensor.address(), MemorySegment.ofArray(values(seed, rows * columns)));
        return tensor;
    }

    private static float[] read(CudaDevice device, CudaTensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        device.download(MemorySegment.ofArray(values), tensor.address());
        return values;
    }
}
