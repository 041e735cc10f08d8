package io.livegraft.gpu.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** Kernels built by g++ behind the shim, for the stand-in driver. */
record HostModules(Path folder) implements CudaModules {
    HostModules() {
        this(HostCompiler.KERNELS);
    }

    @Override
    public CUmodule load(String name, CudaCapability capability) {
        CUmodule module = new CUmodule();
        try {
            byte[] image = Files.readAllBytes(HostCompiler.kernels(folder.resolve(name + ".cu")));
            CudaCall.check(JCudaDriver.cuModuleLoadData(module, image), "cuModuleLoadData", name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return module;
    }

    @Override
    public String digest() {
        return "standing-in";
    }
}
