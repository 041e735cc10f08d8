package io.livegraft.gpu.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Kernels as the build packed them: for each source machine code by architecture, and PTX that the driver compiles for cards that
 * came later. An index names the sources with their SHA-256; it is empty in a build without nvcc.
 */
final class PackedModules implements CudaModules {
    private static final String PTX = ".ptx";
    private static final List<CudaCapability> BUILT =
            List.of(new CudaCapability(9, 0), new CudaCapability(8, 9), new CudaCapability(8, 0));

    private final Map<String, String> index;

    private PackedModules(Map<String, String> index) {
        this.index = index;
    }

    /** Those on the class path; empty where the build had no nvcc. */
    static Optional<PackedModules> onClassPath() {
        Map<String, String> index = new TreeMap<>();
        resource("index").ifPresent(bytes -> new String(bytes, UTF_8)
                .lines()
                .map(line -> line.split(" ", 2))
                .forEach(words -> index.put(words[0], words[1])));
        return index.isEmpty() ? Optional.empty() : Optional.of(new PackedModules(index));
    }

    private static Optional<byte[]> resource(String name) {
        try (InputStream in = PackedModules.class.getResourceAsStream("module/" + name)) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is tried for a card, in order: the newest machine code of its generation, then PTX. */
    static List<String> endings(CudaCapability capability) {
        return Stream.concat(
                        BUILT.stream().filter(capability::runs).limit(1).map(PackedModules::ending), Stream.of(PTX))
                .toList();
    }

    private static String ending(CudaCapability built) {
        return built.major() == 9 ? ".sm_90a.cubin" : ".%s.cubin".formatted(built);
    }

    /** Names of the sources. */
    List<String> names() {
        return List.copyOf(index.keySet());
    }

    @Override
    public CUmodule load(String name, CudaCapability capability) {
        int refused = CUresult.CUDA_ERROR_NOT_FOUND;
        for (String ending : endings(capability)) {
            Optional<byte[]> image = resource(name + ending);
            if (image.isPresent()) {
                CUmodule module = new CUmodule();
                refused = JCudaDriver.cuModuleLoadData(module, terminated(image.get()));
                if (refused == CUresult.CUDA_SUCCESS) {
                    return module;
                }
            }
        }
        throw new CudaException("cuModuleLoadData", "%s for %s".formatted(name, capability), new CudaCode(refused));
    }

    /** PTX is text that ends with 0; machine code does not mind. */
    private static byte[] terminated(byte[] image) {
        return Arrays.copyOf(image, image.length + 1);
    }

    @Override
    public String digest() {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256")
                            .digest(index.toString().getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }
}
