package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.NumericProfile;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.TwinBackend;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The profile fast: prompts' products by cuBLAS, everything else in the bits of invariant. */
class CublasTest {
    private static final int ROWS = 61;
    private static final int IN = 131;
    private static final int OUT = 67;
    private static final int RANK = 5;

    @TempDir
    private Path folder;

    private static Tensor tensor(Backend backend, int seed, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(new Random(seed), rows * columns, 1), rows, columns);
    }

    private static LinearWeight weight(Backend backend, Precision precision) {
        return backend.freeze(HostTensor.matrix(OUT, IN, TinyModel.gaussian(new Random(2), OUT * IN, 0.1)), precision);
    }

    private static List<LowRankRows> parts(Backend backend, Tensor x) {
        LowRankPair pair = new LowRankPair(
                RANK,
                new TensorFactor(tensor(backend, 3, RANK, IN), Operand.TRANSPOSED),
                new TensorFactor(tensor(backend, 4, OUT, RANK), Operand.TRANSPOSED),
                0.5f);
        return List.of(new LowRankRows(backend.rows(x, 7, 41), 7, List.of(Optional.of(pair))));
    }

    private static float[] linear(Backend backend, Precision precision, Phase phase, boolean adapted) {
        Tensor x = tensor(backend, 1, ROWS, IN);
        Tensor y = backend.allocate(ROWS, OUT);
        List<LowRankRows> parts = adapted ? parts(backend, x) : List.of();
        backend.linear(List.of(y), x, List.of(weight(backend, precision)), parts, phase, Arithmetic.BFLOAT16);
        float[] values = new float[ROWS * OUT];
        backend.download(values, y);
        return values;
    }

    @Test
    void promptsAgreeWithTheReferenceWithAndWithoutAdapters() {
        try (CudaBackend fast = StandIn.fast()) {
            Backend both = new TwinBackend(new ReferenceBackend(), fast, true).both();
            for (Precision precision : Precision.values()) {
                Tensor x = tensor(both, 1, ROWS, IN);
                LinearWeight w = weight(both, precision);
                for (List<LowRankRows> parts : List.of(List.<LowRankRows>of(), parts(both, x))) {
                    both.linear(
                            List.of(both.allocate(ROWS, OUT)),
                            x,
                            List.of(w),
                            parts,
                            Phase.PREFILL,
                            Arithmetic.BFLOAT16);
                }
            }
        }
    }

    /** The library that stands in adds in another order than the kernels, so that who made a product shows. */
    @Test
    void promptsAloneAreTheLibrarys() {
        assumeFalse(StandIn.ON_CARD, "NVIDIA's may have the same order");
        try (CudaBackend fast = StandIn.fast();
                CudaBackend invariant = StandIn.backend()) {
            for (boolean adapted : new boolean[] {false, true}) {
                assertFalse(Arrays.equals(
                        linear(invariant, Precision.NF4, Phase.PREFILL, adapted),
                        linear(fast, Precision.NF4, Phase.PREFILL, adapted)));
            }
        }
    }

    @Test
    void trainingAndDecodeStepsHaveTheBitsOfInvariant() {
        try (CudaBackend fast = StandIn.fast();
                CudaBackend invariant = StandIn.backend()) {
            for (Phase phase : List.of(Phase.TRAINING, Phase.DECODE)) {
                for (boolean adapted : new boolean[] {false, true}) {
                    assertArrayEquals(
                            linear(invariant, Precision.INT8, phase, adapted),
                            linear(fast, Precision.INT8, phase, adapted),
                            0f,
                            phase.toString());
                }
            }
        }
    }

    @Test
    void aProfileSaysThatItIsFastAndByWhichLibrary() {
        try (CudaBackend fast = StandIn.fast();
                CudaBackend invariant = StandIn.backend()) {
            assertEquals(invariant.profile() + "+fast-" + StandIn.cublas().name(), fast.profile());
            assertEquals(NumericProfile.FAST, NumericProfile.ofBackend(fast.profile() + "/NF4"));
            assertEquals(NumericProfile.INVARIANT, NumericProfile.ofBackend(invariant.profile() + "/NF4"));
        }
    }

    @Test
    void theLibraryOfCudaHomeComesFirstAndTheNewerOneBeforeTheOlder() throws IOException {
        Path home = folder.resolve("cuda");
        Path twelve = library(home.resolve("lib64/libcublas.so.12"));
        assertEquals("cublas-12 of " + twelve, found(Map.of("CUDA_HOME", home.toString())));
        Path thirteen = library(home.resolve("lib64/libcublas.so.13"));
        assertEquals("cublas-13 of " + thirteen, found(Map.of("CUDA_HOME", home.toString())));
    }

    @Test
    void aPythonInstallationsLibraryIsFoundAndAFileThatIsNoneIsPassedBy() throws IOException {
        assumeTrue(!StandIn.ON_CARD && HostCompiler.present(), "no g++ to build a library with");
        assumeTrue(CublasLibrary.find(Map.of(), folder).isEmpty(), "this machine's loader knows a cuBLAS");
        Path python = folder.resolve("usr/lib/python3.12/site-packages/nvidia");
        Path broken = python.resolve("broken/lib/libcublas.so.13");
        Files.createDirectories(broken.resolveSibling("none"));
        Files.copy(HostCompiler.kernels("embedding.cu"), broken);
        assertEquals(Optional.empty(), CublasLibrary.find(Map.of(), folder).map(CublasLibrary::toString));
        Path wheel = library(python.resolve("cu13/lib/libcublas.so.13"));
        assertEquals("cublas-13 of " + wheel, found(Map.of()));
    }

    private String found(Map<String, String> environment) {
        return CublasLibrary.find(environment, folder).orElseThrow().toString();
    }

    private static Path library(Path file) throws IOException {
        assumeTrue(!StandIn.ON_CARD && HostCompiler.present(), "no g++ to build a library with");
        Files.createDirectories(file.resolveSibling("none"));
        return Files.copy(HostCompiler.cublas(), file);
    }

    /** Its functions are looked for before it is called a library. */
    @Test
    void aLibraryWithoutTheFunctionsIsNone() {
        assumeTrue(!StandIn.ON_CARD && HostCompiler.present(), "no g++ to build a library with");
        assertTrue(CublasLibrary.open(HostCompiler.kernels("embedding.cu").toString(), 13)
                .isEmpty());
    }
}
